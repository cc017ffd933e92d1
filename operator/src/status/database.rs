//! What is to be said of the database.

use super::{Finding, Report};
use crate::{
    component::{BOOTSTRAP, POSTGRES},
    job_state::JobState,
    trouble::{self, Trouble},
};
use ecommercestack_crds::{ComponentStatus, Reason};
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

pub(super) fn finding(report: &Report) -> Finding {
    let stack = &report.stack;
    let pods = &report.fetched.pods;
    if !answers(report) {
        let own = trouble::pods_of(pods, &stack.name, POSTGRES);
        return match trouble::of_pods(own) {
            Some(Trouble::Image(message)) => Finding::new(
                Reason::ImageUnavailable,
                format!(
                    "the database's image cannot be pulled: {message}; set another image or push this one"
                ),
            ),
            Some(Trouble::Crash(message) | Trouble::Start(message)) => Finding::new(
                Reason::PodsFailing,
                format!(
                    "the database does not start: {message}; see kubectl logs {}-0",
                    stack.object(POSTGRES)
                ),
            ),
            None => Finding::new(Reason::DatabaseStarting, "the database is starting"),
        };
    }
    let Some(gate) = &report.releases.postgres.bootstrap else {
        return Finding::new(
            Reason::DatabaseStarting,
            "the database is being initialised",
        );
    };
    let job = gate.job.name_any();
    match &gate.state {
        JobState::Absent | JobState::Active => {
            match trouble::of_pods(trouble::pods_of_job(pods, &job)) {
                Some(Trouble::Image(message)) => Finding::new(
                    Reason::ImageUnavailable,
                    format!(
                        "the database's image cannot be pulled: {message}; set another image or push this one"
                    ),
                ),
                Some(Trouble::Crash(message) | Trouble::Start(message)) => Finding::new(
                    Reason::Bootstrapping,
                    format!(
                        "the database is set up, and {BOOTSTRAP} Job {job} is tried again after: {message}"
                    ),
                ),
                None => Finding::new(
                    Reason::Bootstrapping,
                    "roles, databases and passwords are being set",
                ),
            }
        }
        JobState::Failed(reason) => {
            let cause = trouble::of_pods(trouble::pods_of_job(pods, &job));
            let cause = cause.as_ref().map_or(reason.as_str(), Trouble::message);
            Finding::new(
                Reason::BootstrapFailed,
                format!(
                    "Job {job} failed: {cause}; mend that, then kubectl delete job {job} to try again"
                ),
            )
        }
        JobState::Succeeded if !report.releases.postgres.up => Finding::new(
            Reason::RollingOut,
            "the database restarts with its new template",
        ),
        JobState::Succeeded => Finding::new(Reason::Running, "the database runs"),
    }
}
