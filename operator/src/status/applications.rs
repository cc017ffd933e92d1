//! The finding about a service: about its gate first, then about its pods.

use super::{
    Finding, Report,
    quota::{self, Part},
    withheld,
};
use crate::{
    component::{Application, Workload},
    kube::{
        job_state::JobState,
        pod_failures::{self, PodFailure},
        rollout_state,
    },
    release::{gate::Release, rollout::Turn},
};
use ecommercestack_crds::Reason;
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt as _;

/// The worst finding about a service and its worker.
pub(super) fn finding(report: &Report, application: Application) -> Finding {
    let gate = gate_finding(report, application);
    let workloads = Workload::ALL
        .into_iter()
        .filter(|workload| workload.application() == application);
    let pods = workloads.map(|workload| workload_finding(report, workload));
    let mut worst = finding!(Running, "{application} runs");
    for finding in std::iter::once(gate).chain(pods).flatten() {
        let rank = |finding: &Finding| (finding.severity(), finding.reason == Reason::ScaledToZero);
        if rank(&finding) > rank(&worst) {
            worst = finding;
        }
    }
    worst
}

/// Why the image that the spec asks for is not released, if it is not.
fn gate_finding(report: &Report, application: Application) -> Option<Finding> {
    let Release {
        image, migration, ..
    } = report.releases.of(application);
    let (name, target) = (application.into_str(), report.stack.image(application));
    let is_released = image.as_deref() == Some(target);
    let held = match image {
        Some(held) if !is_released => format!("; {held} keeps serving"),
        Some(_) | None => String::new(),
    };
    let Some(gate) = migration.as_ref() else {
        return Some(finding!(
            WaitingForDatabase,
            "{name} waits for the database to be initialized{held}"
        ));
    };
    let job = gate.job.name_any();
    let failure = || report.pod_failure(pod_failures::pods_of_job(&report.fetched.pods, &job));
    Some(match &gate.state {
        JobState::Succeeded if is_released => return None,
        JobState::Succeeded => finding!(
            WaitingForTurn,
            "{name} has migrated to {target} and waits for the services it calls{held}"
        ),
        JobState::Absent if !gate.may_start => {
            finding!(WaitingForDatabase, "{name} waits for the database{held}")
        }
        JobState::Absent | JobState::Active => match failure() {
            Some(PodFailure::Image(message)) => finding!(
                ImageUnavailable,
                "{name} has an image that cannot be pulled: {message}{held}; set another image or push this one"
            ),
            Some(PodFailure::Crash(message) | PodFailure::Start(message)) => finding!(
                Migrating,
                "{name} is migrating, and Job {job} is retried after: {message}{held}"
            ),
            None => without_pods(report, name, &job, &held).unwrap_or_else(|| {
                finding!(
                    Migrating,
                    "{name} is migrating to {target} by Job {job}{held}"
                )
            }),
        },
        JobState::Failed(reason) => {
            let failure = failure();
            let cause = failure
                .as_ref()
                .map_or(reason.as_str(), PodFailure::message);
            finding!(
                MigrationFailed,
                "{name} failed to migrate to {target}: {cause}{held}; \
                 set another image, or fix the cause, then run kubectl delete job {job} to retry"
            )
        }
    })
}

/// Why no pod of a migration can be created.
fn without_pods(report: &Report, name: &str, job: &str, held: &str) -> Option<Finding> {
    let message = report.fetched.warnings.of("Job", job)?;
    let what = format!("{name} cannot migrate, since no pod of Job {job} can be created");
    let mut finding = refused(&what, message, Part::Fixed);
    finding.message.push_str(held);
    Some(finding)
}

/// The finding about pods that cannot be created: `what` and the cause.
pub(super) fn refused(what: &str, message: &str, part: Part<'_>) -> Finding {
    match quota::explain(message, part) {
        Some(cause) => finding!(QuotaExceeded, "{what}: {cause}"),
        None => finding!(PodsFailing, "{what}: {}", pod_failures::sentence(message)),
    }
}

/// The finding about a workload's pods, if not all of them run.
fn workload_finding(report: &Report, workload: Workload) -> Option<Finding> {
    let name = workload.into_str();
    if let Some(Turn::Without(credential)) = report.applied.turns.get(&workload) {
        return withheld(report, &format!("{name} is left unchanged"), *credential);
    }
    let Some(live) = report.applied.deployments.get(&workload) else {
        // Without a released image there is nothing to start, and the gate reports why.
        report.releases.of(workload.application()).image.as_ref()?;
        return Some(finding!(Starting, "{name} has no Deployment yet"));
    };
    let failure = || {
        let pods = pod_failures::pods_of(&report.fetched.pods, &report.stack.name, name);
        report.pod_failure(pods)
    };
    if let Some(Turn::After(other)) = report.applied.turns.get(&workload) {
        return Some(finding!(
            WaitingForTurn,
            "{name} has a pending change and waits for the rollout of {other}"
        ));
    }
    let wanted = report.wanted(workload);
    if rollout_state::wanted(live) != wanted {
        return Some(finding!(
            RollingOut,
            "{name} is scaling from {} to {wanted} pods",
            rollout_state::wanted(live)
        ));
    }
    if rollout_state::is_settled(live) {
        return (wanted == 0)
            .then(|| finding!(ScaledToZero, "{name} is scaled to zero by the spec"));
    }
    Some(unsettled(workload, live, wanted, failure()))
}

fn unsettled(
    workload: Workload,
    live: &Deployment,
    wanted: i32,
    failure: Option<PodFailure>,
) -> Finding {
    let name = workload.into_str();
    if let Some(message) = rollout_state::replica_failure(live) {
        let what = format!("pods of {name} cannot be created");
        return refused(&what, message, Part::Component(workload.field()));
    }
    let available = rollout_state::available(live);
    let serving = format!("{available} of {wanted} pods of {name} are available");
    match failure {
        Some(PodFailure::Image(message)) => finding!(
            ImageUnavailable,
            "image cannot be pulled: {message}; {serving}; set another image or push this one"
        ),
        Some(PodFailure::Crash(message) | PodFailure::Start(message)) => {
            finding!(PodsFailing, "{serving}: {message}")
        }
        None if rollout_state::is_stalled(live) => finding!(
            RolloutStalled,
            "new pods of {name} did not become ready in time; {serving}; see kubectl logs of the newest pod"
        ),
        None if !rollout_state::is_rolled_out(live) => {
            finding!(RollingOut, "{name} is rolling out; {serving}")
        }
        None => finding!(Starting, "{serving}; the others are starting"),
    }
}
