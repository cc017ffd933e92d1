//! The only writes besides the status: server-side apply under one field manager, in a fixed order.
//! An object that a write fails for is a `Problem` of the report; the others are written all the same.

mod prune;
mod single;
mod write;

use crate::{
    build::{Desired, Jobs},
    component::Workload,
    fetch::Live,
    rollout::Turn,
    seen::Seen,
    validate::ValidStack,
};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::{Client, ResourceExt as _};
use prune::{Wanted, prune_all};
use single::{change_owner, delete_state, restart_pod, scale, write_credential};
use std::collections::BTreeMap;
use write::Writer;

/// What was written, and what could not be.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    pub deployments: BTreeMap<Workload, Deployment>,
    pub turns: BTreeMap<Workload, Turn>,
    pub stateful_set: Option<StatefulSet>,
    pub problems: Vec<Problem>,
}

/// A write that did not happen. The rest of the stack goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The object is somebody else's. // OPERATOR 3
    Conflict { kind: String, name: String },
    /// The API server refused it.
    Refused {
        kind: String,
        name: String,
        message: String,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("cannot write {kind} {name}")]
    Api {
        kind: String,
        name: String,
        source: kube::Error,
    },
    #[error("{kind} {name} was changed by somebody else in the meantime")]
    Raced { kind: String, name: String },
}

/// Writes what the stack wants.
pub async fn apply(
    client: &Client,
    seen: &Seen,
    stack: &ValidStack,
    live: &Live,
    desired: Desired,
) -> Result<Applied, ApplyError> {
    let Desired {
        credentials,
        owner_changes,
        orphaned_states,
        service_accounts,
        roles,
        role_bindings,
        services,
        network_policies,
        stateful_sets,
        restarts,
        jobs,
        deployments,
        budgets,
        ingresses,
    } = desired;
    let mut writer = Writer::new(client, seen, stack);
    let mut applied = Applied::default();

    for write in &credentials {
        write_credential(&mut writer, stack, write).await?;
    }
    for change in &owner_changes {
        change_owner(&mut writer, change).await?;
    }
    for metadata in &orphaned_states {
        delete_state(&mut writer, metadata).await?;
    }
    let service_accounts = writer
        .apply_all(&live.service_accounts, &service_accounts)
        .await?;
    let roles = writer.apply_all(&live.roles, &roles).await?;
    let role_bindings = writer
        .apply_all_replacing(&live.role_bindings, &role_bindings)
        .await?;
    let services = writer.apply_all(&live.services, &services).await?;
    let network_policies = writer
        .apply_all(&live.network_policies, &network_policies)
        .await?;
    for set in &stateful_sets {
        let current = live.stateful_sets.get(&set.name_any());
        let written = writer
            .apply(current.map(|current| &current.metadata), set)
            .await?;
        applied.stateful_set = written.or_else(|| current.cloned());
    }
    for restart in &restarts {
        restart_pod(&mut writer, restart).await?;
    }
    let Jobs { create, prune } = jobs;
    for job in &create {
        writer.create(job).await?;
    }
    let mut kept = Vec::new();
    for planned in deployments {
        kept.push(planned.deployment.name_any());
        applied.turns.insert(planned.workload, planned.turn);
        let current = live.deployments.get(&planned.deployment.name_any());
        let written = match planned.turn {
            Turn::Now => {
                writer
                    .apply(
                        current.map(|current| &current.metadata),
                        &planned.deployment,
                    )
                    .await?
            }
            Turn::After(_) => None,
        };
        if let Some(deployment) = written.or_else(|| current.cloned()) {
            scale(&mut writer, &deployment, planned.replicas).await?;
            applied.deployments.insert(planned.workload, deployment);
        }
    }
    let budgets = writer.apply_all(&live.budgets, &budgets).await?;
    let ingresses = writer.apply_all(&live.ingresses, &ingresses).await?;

    // Only after everything was built and written. // OPERATOR 3
    if writer.problems.is_empty() {
        let wanted = Wanted {
            service_accounts,
            roles,
            role_bindings,
            services,
            network_policies,
            deployments: kept,
            budgets,
            ingresses,
        };
        prune_all(&mut writer, live, &wanted, &prune).await?;
    }
    applied.problems = writer.problems;
    Ok(applied)
}
