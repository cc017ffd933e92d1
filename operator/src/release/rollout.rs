//! Whose turn it is: one component rolls at a time (OPERATOR 2). Pure. Repairs of drift and scaling are not rollouts
//! and do not wait.

use crate::{
    component::Workload,
    credentials::Credential,
    kube::{
        labels::{TEMPLATE_HASH, annotation},
        rollout_state::{is_rolled_out, is_settled, is_stalled},
    },
};
use k8s_openapi::api::apps::v1::Deployment;
use std::collections::BTreeMap;

/// Whether a workload's Deployment may be applied now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// Its pods would roll, and another workload has to settle first.
    After(Workload),
    /// Its pods need a Secret that cannot be used. It is left unchanged.
    Without(Credential),
}

/// Whose turn it is, for Deployments in rolling order.
pub fn turns<'a>(
    desired: impl IntoIterator<Item = (Workload, &'a Deployment)>,
    live: &BTreeMap<String, Deployment>,
) -> Vec<Turn> {
    let desired: Vec<_> = desired.into_iter().collect();
    let live_of = |deployment: &Deployment| live.get(deployment.metadata.name.as_ref()?);
    let mut turns = Vec::with_capacity(desired.len());
    // The workload that rolls now, or starts to roll in this pass.
    let mut rolling = None;
    for (index, (workload, deployment)) in desired.iter().enumerate() {
        let Some(current) = live_of(deployment) else {
            turns.push(Turn::Now);
            continue;
        };
        let (old, new) = (&current.metadata, &deployment.metadata);
        if annotation(old, TEMPLATE_HASH) == annotation(new, TEMPLATE_HASH) {
            turns.push(Turn::Now);
            // A stalled one is passed over: it is unknown when it continues (ADR 9).
            if !is_settled(current) && !is_stalled(current) {
                rolling = rolling.or(Some(*workload));
            }
            continue;
        }
        // A later one that is stalled must not delay the repair of an earlier one.
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

#[cfg(test)]
mod tests;
