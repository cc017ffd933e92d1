//! How far a Deployment or a `StatefulSet` is, and whose turn it is: one component rolls at a time (OPERATOR 2).
//! Pure. Repairing drift and scaling are no rolls and wait for nobody.

use crate::{component::Workload, credentials::Credential, kube::labels::TEMPLATE_HASH};
use k8s_openapi::{
    api::apps::v1::{Deployment, StatefulSet},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use std::collections::BTreeMap;

/// Whether a workload's Deployment may be applied now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// Its pods would roll, and another workload has to settle first.
    After(Workload),
    /// Its pods need a Secret that cannot be used. It stays as it is, whatever else it lacks.
    Without(Credential),
}

/// Every pod is of the newest template and available.
pub fn is_settled(deployment: &Deployment) -> bool {
    is_rolled_out(deployment) && available(deployment) >= wanted(deployment)
}

/// No pod of an older template is left, and as many of the newest as asked for exist.
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
    let is_late = condition(deployment, "Progressing").is_some_and(|(status, reason, _)| {
        status == "False" && reason == "ProgressDeadlineExceeded"
    });
    is_observed && is_late
}

/// What keeps the Deployment's pods from being made at all, such as a quota.
pub fn replica_failure(deployment: &Deployment) -> Option<&str> {
    condition(deployment, "ReplicaFailure")
        .filter(|(status, _, _)| *status == "True")
        .map(|(_, _, message)| message)
}

fn condition<'a>(deployment: &'a Deployment, type_: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    let found = conditions
        .iter()
        .find(|condition| condition.type_.as_deref() == Some(type_))?;
    Some((
        found.status.as_deref().unwrap_or_default(),
        found.reason.as_deref().unwrap_or_default(),
        found.message.as_deref().unwrap_or_default(),
    ))
}

pub fn wanted(deployment: &Deployment) -> i32 {
    deployment.spec.replicas.unwrap_or(1)
}

pub fn available(deployment: &Deployment) -> i32 {
    deployment
        .status
        .as_ref()
        .and_then(|status| status.available_replicas)
        .unwrap_or(0)
}

/// Every pod of the `StatefulSet` is of the newest template and ready.
pub fn is_up_to_date(set: &StatefulSet) -> bool {
    let wanted = set.spec.replicas.unwrap_or(1);
    set.status.as_ref().is_some_and(|status| {
        status.observed_generation >= set.metadata.generation
            && status.updated_replicas.unwrap_or(0) >= wanted
            && status.ready_replicas.unwrap_or(0) >= wanted
    })
}

/// Whose turn it is, for Deployments in rolling order.
pub fn turns<'a>(
    desired: impl IntoIterator<Item = (Workload, &'a Deployment)>,
    live: &BTreeMap<String, Deployment>,
) -> Vec<Turn> {
    let desired: Vec<_> = desired.into_iter().collect();
    let live_of = |deployment: &Deployment| {
        deployment
            .metadata
            .name
            .as_ref()
            .and_then(|name| live.get(name))
    };
    let mut turns = Vec::with_capacity(desired.len());
    // The workload that rolls now, or begins to in this pass.
    let mut rolling = None;
    for (index, (workload, deployment)) in desired.iter().enumerate() {
        let Some(current) = live_of(deployment) else {
            turns.push(Turn::Now);
            continue;
        };
        if template_hash(&current.metadata) == template_hash(&deployment.metadata) {
            turns.push(Turn::Now);
            // One that stands still is passed over: nobody knows when it goes on (ADR 9).
            if !is_settled(current) && !is_stalled(current) {
                rolling = rolling.or(Some(*workload));
            }
            continue;
        }
        // A later one that is stuck must not keep an earlier one from being mended.
        let later = desired[index + 1..].iter().find(|(_, later)| {
            live_of(later).is_some_and(|later| !is_rolled_out(later) && !is_stalled(later))
        });
        turns.push(match rolling.or(later.map(|(workload, _)| *workload)) {
            Some(other) => Turn::After(other),
            None => Turn::Now,
        });
        rolling = rolling.or(Some(*workload));
    }
    turns
}

fn template_hash(metadata: &ObjectMeta) -> Option<&String> {
    metadata.annotations.as_ref()?.get(TEMPLATE_HASH)
}

#[cfg(test)]
mod tests;
