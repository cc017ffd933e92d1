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
    let is_staying = |job: &&Job| job.metadata.deletion_timestamp.is_none();
    let Some(job) = jobs.get(name).filter(is_staying) else {
        return JobState::Absent;
    };
    let status = job.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let conditions = conditions.into_iter().flatten();
    for condition in conditions.filter(|condition| condition.status == "True") {
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
