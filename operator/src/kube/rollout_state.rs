//! The progress of a Deployment or a `StatefulSet`, according to its status. Pure.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition, StatefulSet};

/// Every pod has the newest template and is available.
pub fn is_settled(deployment: &Deployment) -> bool {
    is_rolled_out(deployment) && available(deployment) >= wanted(deployment)
}

/// No pod of an older template is left, and all requested pods of the newest exist.
pub fn is_rolled_out(deployment: &Deployment) -> bool {
    let Some(status) = &deployment.status else {
        return false;
    };
    let updated = status.updated_replicas.unwrap_or(0);
    status.observed_generation >= deployment.metadata.generation
        && updated >= wanted(deployment)
        && status.replicas.unwrap_or(0) <= updated
}

/// Its newest pods did not become available in time.
pub fn is_stalled(deployment: &Deployment) -> bool {
    let status = deployment.status.as_ref();
    let is_observed =
        status.is_some_and(|status| status.observed_generation >= deployment.metadata.generation);
    let progress = condition(deployment, "Progressing", "False");
    let reason = progress.and_then(|progress| progress.reason.as_deref());
    is_observed && reason == Some("ProgressDeadlineExceeded")
}

/// Why the Deployment's pods cannot be created, such as a quota.
pub fn replica_failure(deployment: &Deployment) -> Option<&str> {
    let failure = condition(deployment, "ReplicaFailure", "True")?;
    Some(failure.message.as_deref().unwrap_or_default())
}

/// The condition of a type, if it has this status.
fn condition<'a>(
    deployment: &'a Deployment,
    type_: &str,
    status: &str,
) -> Option<&'a DeploymentCondition> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| {
        condition.type_.as_deref() == Some(type_) && condition.status.as_deref() == Some(status)
    })
}

/// The requested number of pods.
pub fn wanted(deployment: &Deployment) -> i32 {
    deployment.spec.replicas.unwrap_or(1)
}

/// The number of available pods, of any template.
pub fn available(deployment: &Deployment) -> i32 {
    let status = deployment.status.as_ref();
    status.map_or(0, |status| status.available_replicas.unwrap_or(0))
}

/// Every pod of the `StatefulSet` has the newest template and is ready.
pub fn is_up_to_date(set: &StatefulSet) -> bool {
    let wanted = set.spec.replicas.unwrap_or(1);
    set.status.as_ref().is_some_and(|status| {
        status.observed_generation >= set.metadata.generation
            && status.updated_replicas.unwrap_or(0) >= wanted
            && status.ready_replicas.unwrap_or(0) >= wanted
    })
}
