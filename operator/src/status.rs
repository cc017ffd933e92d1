//! The status: from what a pass found and did, or from the step that failed. Pure; every pass ends in one (OPERATOR 1).

#[macro_use]
mod finding;

mod applications;
mod audited;
pub mod audits;
mod conditions;
mod database;
pub mod events;
mod quota;
mod routed;
mod sessions;
mod volume;

pub use conditions::{ConditionBody, condition, is_true, transition};
pub use finding::Finding;
pub use sessions::keys_replaced;

use crate::{
    apply::{Applied, ApplyError, Problem},
    component::{Application, Workload},
    credentials::{Credential, Unusable},
    database::{adoption::AdoptionRefused, identity},
    fetched::{Fetched, Unreadable},
    kube::{
        job_state::JobState,
        labels::{MANAGED_BY, MANAGER, STACK},
        live::FetchError,
        pod_failures::{self, PodFailure},
        rollout_state,
    },
    network::routing::Routing,
    randomness::RandomnessError,
    release::{
        gate::{Gate, Releases, status_of},
        scaling,
    },
    validate::{ValidStack, ValidateError},
};
use audits::Audits;
use conditions::conditions;
use ecommercestack_crds::{
    ComponentStatus, ComponentStatuses, DatabaseStatus, EcommerceStackStatus, Migration,
    MigrationState, Reason, Severity,
};
use jiff::Timestamp;
use k8s_openapi::{api::core::v1::Pod, apimachinery::pkg::apis::meta::v1::Condition};
use kube::ResourceExt as _;
use quota::Part;

/// What a pass found and did.
#[derive(Clone, Debug)]
pub struct Report {
    pub stack: ValidStack,
    pub fetched: Fetched,
    pub releases: Releases,
    pub applied: Applied,
    pub routing: Routing,
    pub audits: Audits,
}

/// The step at which a pass ended.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Validate(#[from] ValidateError),
    #[error(transparent)]
    Adoption(#[from] AdoptionRefused),
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(
        "the data of a deleted stack named {0} is being removed, as its deletionPolicy says; this stack starts \
         after that"
    )]
    RemovingOldData(String),
    #[error("the API server has not responded for a minute")]
    Overdue,
    #[error("namespace {0} is being deleted; nothing is applied any more")]
    NamespaceTerminating(String),
}

/// The new status.
pub fn status(
    previous: Option<&EcommerceStackStatus>,
    generation: Option<i64>,
    now: Timestamp,
    outcome: &Result<Report, StepError>,
) -> EcommerceStackStatus {
    let before = previous.cloned().unwrap_or_default();
    match outcome {
        Ok(report) => EcommerceStackStatus {
            observed_generation: generation,
            conditions: conditions(
                &before.conditions,
                generation,
                now,
                &findings(report, &before.conditions, now),
            ),
            components: Some(components(report, before.components.as_ref())),
            database: identity::kept(&report.fetched).map(|identifier| DatabaseStatus {
                system_identifier: Some(identifier.to_owned()),
            }),
            url: routed::url(report),
            deletion_policy: report.applied.deletion_policy.or(before.deletion_policy),
            // Written before the pass, by `claim`.
            operator: None,
            bystander: None,
        },
        // Another client was faster, and the next pass follows at once.
        Err(StepError::Apply(ApplyError::Raced { .. })) if previous.is_some() => before,
        // There is no new information about the components: they stay as they were.
        Err(error) => EcommerceStackStatus {
            observed_generation: generation,
            conditions: conditions::after_failure(
                &before.conditions,
                generation,
                now,
                &failure(error),
            ),
            ..before
        },
    }
}

fn findings(report: &Report, before: &[Condition], now: Timestamp) -> conditions::Findings {
    let routed = routed::finding(report, before, now);
    let problems = report.applied.problems.iter().map(problem);
    let leaving = sessions::keys_are_terminating(&report.stack, &report.fetched);
    let mut stack: Vec<_> = problems.chain(leaving).chain(connections(report)).collect();
    if routed.severity() != Severity::Fine {
        stack.push(routed.clone());
    }
    let applications =
        Application::ALL.map(|application| applications::finding(report, application));
    let postgres = database::finding(report, now);
    conditions::Findings {
        unavailable: unavailable(report, &postgres, &applications).or_else(|| {
            let is_wrong = routed.severity() == Severity::Wrong;
            is_wrong.then(|| routed.clone())
        }),
        postgres,
        applications,
        stack,
        serves: routed::says(report),
        routed: (routed::is_true(&report.routing), routed),
        audits: [
            audited::condition(&report.audits.stock, "stock"),
            audited::condition(&report.audits.orders, "orders"),
        ],
    }
}

/// Every service and the database have at least one ready pod, of any image.
pub fn is_available(report: &Report) -> bool {
    let mut applications = Application::ALL.into_iter();
    applications.all(|application| serves(report, application)) && database::answers(report)
}

fn serves(report: &Report, application: Application) -> bool {
    let live = report.applied.deployments.get(&application.workload());
    live.is_some_and(|live| rollout_state::available(live) > 0)
}

/// Why the shop cannot be used, if it cannot.
fn unavailable(
    report: &Report,
    postgres: &Finding,
    applications: &[Finding; 3],
) -> Option<Finding> {
    if !database::answers(report) {
        return Some(postgres.clone());
    }
    let missing = Application::ALL
        .into_iter()
        .position(|application| !serves(report, application))?;
    let application = Application::ALL[missing];
    let workload = application.workload();
    if report.wanted(workload) == 0 {
        return Some(finding!(
            ScaledToZero,
            "{0} is scaled to zero by the spec; the shop is unavailable until spec.components.{0}.replicas is \
             at least 1",
            workload.field()
        ));
    }
    let finding = &applications[missing];
    Some(match finding.severity() {
        // The finding may be about the service's worker.
        Severity::Fine => finding!(Starting, "no pod of {application} is available"),
        Severity::Moving | Severity::Wrong => finding.clone(),
    })
}

impl Report {
    /// Why the newest of these pods that fails does not run: by its status, or else by its Events.
    fn pod_failure<'a>(&self, pods: impl Iterator<Item = &'a Pod> + Clone) -> Option<PodFailure> {
        pod_failures::of_pods(pods.clone()).or_else(|| {
            let warnings = &self.fetched.warnings;
            let warned = pods.filter_map(|pod| {
                let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
                Some((created, warnings.of("Pod", &pod.name_any())?))
            });
            let (_, message) = warned.max_by_key(|(created, _)| *created)?;
            Some(PodFailure::Start(pod_failures::sentence(message)))
        })
    }

    /// How many pods a workload should have.
    pub fn wanted(&self, workload: Workload) -> i32 {
        match self.applied.deployments.get(&workload) {
            Some(live) if scaling::is_autoscaled(&self.stack, &self.fetched.live, workload) => {
                rollout_state::wanted(live)
            }
            Some(_) | None => self.stack.settings(workload).replicas,
        }
    }
}

fn failure(error: &StepError) -> Finding {
    if let StepError::Apply(ApplyError::Api {
        kind,
        name,
        source: kube::Error::Api(status),
    }) = error
        && let Some(exceeded) = quota_exceeded(kind, name, &status.message)
    {
        return exceeded;
    }
    let reason = match error {
        StepError::Unreadable(_) => Reason::Unreadable,
        StepError::Validate(_) | StepError::Randomness(_) => Reason::InvalidSpec,
        StepError::Adoption(_) => Reason::AdoptionRefused,
        StepError::NamespaceTerminating(_) => Reason::NamespaceTerminating,
        StepError::RemovingOldData(_) => Reason::RemovingOldData,
        StepError::Fetch(FetchError { source, .. })
        | StepError::Apply(ApplyError::Api { source, .. }) => match source {
            kube::Error::Api(status) if matches!(status.code, 400..=428 | 430..=499) => {
                Reason::WriteRefused
            }
            _ => Reason::ApiUnavailable,
        },
        StepError::Apply(ApplyError::Raced { .. } | ApplyError::Stale) | StepError::Overdue => {
            Reason::ApiUnavailable
        }
    };
    let message = telemetry::chain(error);
    let next = match reason {
        Reason::WriteRefused => "; compare the operator's role with the chart's",
        Reason::ApiUnavailable => "; the operator retries",
        _ => "",
    };
    // The operator's own messages end with what to do, which must not be cut off.
    let message = match error {
        StepError::Adoption(_) => message,
        _ => pod_failures::sentence(&message),
    };
    Finding::new(reason, format!("{message}{next}"))
}

fn problem(problem: &Problem) -> Finding {
    match problem {
        Problem::Conflict { kind, name } => finding!(
            Conflict,
            "{kind} {name} does not belong to this stack and was left unchanged; delete or rename it"
        ),
        Problem::Unusable { name, cause, .. } => unusable(name, *cause),
        Problem::Refused {
            kind,
            name,
            message,
        } => quota_exceeded(kind, name, message).unwrap_or_else(|| {
            let message = pod_failures::sentence(message);
            finding!(
                WriteRefused,
                "the API server refused {kind} {name}: {message}"
            )
        }),
    }
}

fn quota_exceeded(kind: &str, name: &str, message: &str) -> Option<Finding> {
    // Only volumes request an amount that the spec sets.
    let part = match kind {
        "PersistentVolumeClaim" => Part::Database,
        _ => Part::Fixed,
    };
    let cause = quota::explain(message, part)?;
    Some(finding!(
        QuotaExceeded,
        "{kind} {name} cannot be created: {cause}"
    ))
}

fn unusable(secret: &str, cause: Unusable) -> Finding {
    match cause {
        Unusable::NotOurs => finding!(
            Conflict,
            "Secret {secret} does not belong to this stack and was left unchanged; delete or rename it, or \
             assign it to the stack with the labels \
             {STACK}=<stack> and {MANAGED_BY}={MANAGER}"
        ),
        Unusable::NotText => finding!(
            InvalidSpec,
            "Secret {secret} holds a value that is not UTF-8 text; delete that key, and the operator generates \
             it again"
        ),
    }
}

/// The finding about an object that is left unchanged because its Secret cannot be used.
fn withheld(report: &Report, what: &str, credential: Credential) -> Option<Finding> {
    let problems = report.applied.problems.iter();
    let (name, cause) = problems.into_iter().find_map(|problem| match problem {
        Problem::Unusable {
            credential: unusable,
            name,
            cause,
        } if *unusable == credential => Some((name, *cause)),
        Problem::Unusable { .. } | Problem::Conflict { .. } | Problem::Refused { .. } => None,
    })?;
    let Finding { reason, message } = unusable(name, cause);
    Some(Finding::new(reason, format!("{what}: {message}")))
}

/// Every workload at its maximum, with one more pod during a rollout, each with a full pool. // OPERATOR 15
fn connections(report: &Report) -> Option<Finding> {
    use crate::{
        components::environment::POOL_CONNECTIONS,
        database::stateful_set::{MAX_CONNECTIONS, RESERVED_CONNECTIONS},
    };
    let pods: i32 = Workload::ALL
        .iter()
        .map(|workload| scaling::most(&report.stack, &report.fetched.live, *workload) + 1)
        .sum();
    let (needed, free) = (
        pods * POOL_CONNECTIONS,
        MAX_CONNECTIONS - RESERVED_CONNECTIONS,
    );
    (needed > free).then(|| {
        let most = free / POOL_CONNECTIONS - i32::try_from(Workload::ALL.len()).unwrap_or(0);
        finding!(TooManyConnections, "all pods together may open {needed} database connections, and {free} are available; lower \
            components.<name>.replicas or autoscaling.max to at most {most} pods in all")
    })
}

fn components(report: &Report, before: Option<&ComponentStatuses>) -> ComponentStatuses {
    let of = |workload: Workload| {
        let before = before.filter(|_| workload.serves());
        let before = before.and_then(|before| status_of(before, workload.application()));
        Some(component(report, workload, before))
    };
    ComponentStatuses {
        postgres: Some(database::status(report)),
        auth: of(Workload::Auth),
        product: of(Workload::Product),
        order: of(Workload::Order),
        worker: of(Workload::Worker),
    }
}

fn component(
    report: &Report,
    workload: Workload,
    before: Option<&ComponentStatus>,
) -> ComponentStatus {
    let release = report.releases.of(workload.application());
    let live = report.applied.deployments.get(&workload);
    let ready = live.and_then(|live| live.status.as_ref()?.ready_replicas);
    let gate = release.migration.as_ref().filter(|_| workload.serves());
    ComponentStatus {
        image: release.image.clone(),
        replicas: report.wanted(workload),
        ready_replicas: ready.unwrap_or(0),
        migration: gate.map(|gate| migration(report, gate, before)),
    }
}

fn migration(report: &Report, gate: &Gate, before: Option<&ComponentStatus>) -> Migration {
    let job = gate.job.name_any();
    // The pod is deleted some time; the versions that it reported are kept.
    let known = before
        .and_then(|before| before.migration.as_ref())
        .filter(|before| before.job == job)
        .and_then(|before| before.applied.clone());
    Migration {
        applied: known.or_else(|| {
            applied_versions(&pod_failures::termination_message(
                &report.fetched.pods,
                &job,
            )?)
        }),
        state: match &gate.state {
            JobState::Absent if gate.may_start => MigrationState::Running,
            JobState::Absent => MigrationState::Waiting,
            JobState::Active => MigrationState::Running,
            JobState::Succeeded => MigrationState::Succeeded,
            JobState::Failed(_) => MigrationState::Failed,
        },
        job,
    }
}

/// A migration's termination message: `{"applied":[1,2]}`.
fn applied_versions(message: &str) -> Option<Vec<i64>> {
    #[derive(serde::Deserialize)]
    struct Message {
        applied: Vec<i64>,
    }
    let Message { mut applied } = serde_json::from_str(message).ok()?;
    applied.truncate(1000);
    Some(applied)
}
