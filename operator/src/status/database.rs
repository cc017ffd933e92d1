//! The finding about the database.

use super::{Finding, Report, applications::refused, quota::Part, volume, withheld};
use crate::{
    component::{BOOTSTRAP, POSTGRES},
    credentials::Credential,
    database::{
        identity::{self, Replaced},
        volumes::volume_name,
    },
    kube::{
        job_state::JobState,
        labels::ACCEPT_DATABASE,
        pod_failures::{self, PodFailure},
    },
    release::jobs::BOOTSTRAP_CREDENTIALS,
    validate::ValidStack,
};
use ecommercestack_crds::{ComponentStatus, Reason, Severity};
use jiff::Timestamp;
use kube::ResourceExt as _;

/// Whether a database pod is ready.
pub(super) fn answers(report: &Report) -> bool {
    ready_pods(report) > 0
}

fn ready_pods(report: &Report) -> i32 {
    let set = report.applied.stateful_set.as_ref();
    set.and_then(|set| set.status.as_ref()?.ready_replicas)
        .unwrap_or(0)
}

pub(super) fn status(report: &Report) -> ComponentStatus {
    ComponentStatus {
        image: Some(report.releases.postgres.image.clone()),
        replicas: 1,
        ready_replicas: ready_pods(report),
        migration: None,
    }
}

/// Seconds within which a database starts, including the pull of its image.
const GRACE_SECONDS: i64 = 300;

/// The current finding, or that the start takes too long.
pub(super) fn finding(report: &Report, now: Timestamp) -> Finding {
    let found = current(report);
    let is_late = starting_since(report)
        .is_some_and(|since| now.as_second() - since.as_second() >= GRACE_SECONDS);
    if found.reason != Reason::DatabaseStarting || !is_late {
        return found;
    }
    let set = report.stack.object(POSTGRES);
    finding!(
        DatabaseStalled,
        "{}, for more than five minutes now; see kubectl describe pod {set}-0 and kubectl logs {set}-0",
        found.message
    )
}

/// When its newest pod was created or last started; `None` without a pod.
fn starting_since(report: &Report) -> Option<Timestamp> {
    let pods = pod_failures::pods_of(&report.fetched.pods, &report.stack.name, POSTGRES);
    let times = pods.flat_map(|pod| {
        let status = pod.status.as_ref();
        let containers = status.and_then(|status| status.container_statuses.as_ref());
        let started = containers.into_iter().flatten().filter_map(|container| {
            let running = container.state.as_ref()?.running.as_ref()?;
            running.started_at.as_ref()
        });
        pod.metadata.creation_timestamp.iter().chain(started)
    });
    times.map(|time| time.0).max()
}

fn current(report: &Report) -> Finding {
    if let Some(finding) = volume::finding(report) {
        return finding;
    }
    let finding = of_pods(report);
    match identity::replaced(&report.fetched) {
        // Why it does not run is more important.
        Some(replaced) if finding.severity() != Severity::Wrong => is_replaced(report, replaced),
        Some(_) | None => finding,
    }
}

fn is_replaced(report: &Report, Replaced { kept, live }: Replaced<'_>) -> Finding {
    let ValidStack {
        name, namespace, ..
    } = &report.stack;
    finding!(
        DatabaseReplaced,
        "the database has the system identifier {live}, and the shop's data is in another database, {kept}; \
         restore the volume with that data, or, to continue with this database, run kubectl annotate estack {name} \
         -n {namespace} --overwrite {ACCEPT_DATABASE}={live}"
    )
}

fn of_pods(report: &Report) -> Finding {
    let stack = &report.stack;
    let pods = &report.fetched.pods;
    let image_unavailable = |message: &str| {
        finding!(
            ImageUnavailable,
            "the database's image cannot be pulled: {message}; set another image or push this one"
        )
    };
    if !answers(report) {
        let what = "the database is left unchanged";
        // Its pod would only report that it waits for the volume.
        let obstacle =
            without_storage(report).or_else(|| withheld(report, what, Credential::Postgres));
        if let Some(finding) = obstacle {
            return finding;
        }
        let own = pod_failures::pods_of(pods, &stack.name, POSTGRES);
        return match report.pod_failure(own) {
            Some(PodFailure::Image(message)) => image_unavailable(&message),
            Some(PodFailure::Crash(message) | PodFailure::Start(message)) => finding!(
                PodsFailing,
                "the database does not start: {message}; see kubectl logs {}-0",
                stack.object(POSTGRES)
            ),
            None => without_pod(report)
                .unwrap_or_else(|| finding!(DatabaseStarting, "the database is starting")),
        };
    }
    if let Some(finding) = without_secret(report) {
        return finding;
    }
    let Some(gate) = &report.releases.postgres.bootstrap else {
        return finding!(DatabaseStarting, "the database is being initialized");
    };
    let job = gate.job.name_any();
    let failure = || report.pod_failure(pod_failures::pods_of_job(pods, &job));
    match &gate.state {
        JobState::Absent | JobState::Active => match failure() {
            Some(PodFailure::Image(message)) => image_unavailable(&message),
            Some(PodFailure::Crash(message) | PodFailure::Start(message)) => finding!(
                Bootstrapping,
                "the database is being set up, and {BOOTSTRAP} Job {job} is retried after: {message}"
            ),
            None => match report.fetched.warnings.of("Job", &job) {
                Some(message) => {
                    let what = format!("no pod of Job {job} can be created");
                    refused(&what, message, Part::Fixed)
                }
                None => finding!(
                    Bootstrapping,
                    "roles, databases and passwords are being set up"
                ),
            },
        },
        JobState::Failed(reason) => {
            let failure = failure();
            let cause = failure
                .as_ref()
                .map_or(reason.as_str(), PodFailure::message);
            finding!(
                BootstrapFailed,
                "Job {job} failed: {cause}; fix the cause, then run kubectl delete job {job} to retry"
            )
        }
        JobState::Succeeded if !report.releases.postgres.up => finding!(
            RollingOut,
            "the database is restarting with its new pod template"
        ),
        JobState::Succeeded => finding!(Running, "the database runs"),
    }
}

/// Why no pod of the database exists.
fn without_pod(report: &Report) -> Option<Finding> {
    let set = report.stack.object(POSTGRES);
    let message = report.fetched.warnings.of("StatefulSet", &set)?;
    let what = "the database's pod cannot be created";
    Some(refused(what, message, Part::Database))
}

/// Why passwords are not set: a Secret cannot be used.
fn without_secret(report: &Report) -> Option<Finding> {
    let mut credentials = BOOTSTRAP_CREDENTIALS.into_iter();
    credentials.find_map(|credential| {
        let what = "the database runs, but its passwords and image cannot be updated";
        withheld(report, what, credential)
    })
}

/// Why the database's volume has no storage. A claim of a class that waits for its first pod is no failure.
fn without_storage(report: &Report) -> Option<Finding> {
    const FIELD: &str = "spec.database.managed.storage.className";
    let claim = volume_name(&report.stack.name);
    let warnings = &report.fetched.warnings;
    let message = warnings.of("PersistentVolumeClaim", &claim)?;
    let cause = pod_failures::sentence(message);
    let is_absent = message.contains("storageclass") && message.contains("not found");
    let text = match &report.stack.database.storage_class {
        Some(class) if is_absent => format!(
            "StorageClass {class} of {FIELD} does not exist; create that class, or create a new stack with another \
             one, since the field is immutable"
        ),
        None if message.contains("no storage class is set") => format!(
            "the cluster has no default StorageClass and {FIELD} is not set; mark a class as the default, or create \
             a new stack that sets the field"
        ),
        Some(class) => format!("{cause}; check StorageClass {class} and its provisioner"),
        None => format!("{cause}; check the cluster's default StorageClass and its provisioner"),
    };
    Some(finding!(
        StorageUnavailable,
        "the database's volume {claim} cannot be provisioned: {text}"
    ))
}
