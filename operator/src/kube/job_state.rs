//! The state of a Job according to its conditions. Why one of its pods does not start is read from the pod.

use k8s_openapi::api::batch::v1::Job;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It does not exist yet, or is being deleted.
    Absent,
    Active,
    Succeeded,
    /// The Job's own message, such as `BackoffLimitExceeded: …`.
    Failed(String),
}

pub fn job_state(jobs: &BTreeMap<String, Job>, name: &str) -> JobState {
    let Some(job) = jobs
        .get(name)
        .filter(|job| job.metadata.deletion_timestamp.is_none())
    else {
        return JobState::Absent;
    };
    let conditions = job
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref());
    for condition in conditions.unwrap_or_default() {
        if condition.status != "True" {
            continue;
        }
        match condition.type_.as_str() {
            "Complete" => return JobState::Succeeded,
            "Failed" => {
                let reason = condition.reason.as_deref().unwrap_or("Failed");
                let message = condition.message.as_deref().unwrap_or("no message");
                return JobState::Failed(format!("{reason}: {message}"));
            }
            _ => {}
        }
    }
    JobState::Active
}
