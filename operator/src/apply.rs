//! The only writes besides the status: server-side apply under one field manager, in a fixed order. An object that
//! cannot be written is a `Problem` of the report; the others are written nevertheless.

mod prune;
mod single;
mod write;

use crate::{
    build::{Desired, Jobs, PlannedDeployment},
    component::{POSTGRES, Workload},
    credentials::{Credential, Unusable},
    database::retention::Dependent,
    kube::{apply_cache::ApplyCache, labels::belongs_to, live::Live},
    release::rollout::Turn,
    validate::ValidStack,
};
use ecommercestack_crds::DeletionPolicy;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::{Client, ResourceExt as _};
use prune::prune_all;
use single::{
    change_metadata, delete_state, has_foreign_patroni, restart_pod, scale, write_credential,
};
use std::collections::BTreeMap;
use write::Writer;

/// The written objects, and the problems of those that could not be written.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    pub deployments: BTreeMap<Workload, Deployment>,
    pub turns: BTreeMap<Workload, Turn>,
    pub stateful_set: Option<StatefulSet>,
    /// The policy that all of the stack's data is marked with, once it is marked.
    pub deletion_policy: Option<DeletionPolicy>,
    pub problems: Vec<Problem>,
    /// Whether anything was written, or might have been.
    pub wrote: bool,
}

/// An object that was not written. It does not stop the writes of other objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The object is not the stack's. // OPERATOR 3
    Conflict { kind: String, name: String },
    /// A Secret that cannot be used; objects that need it are left unchanged.
    Unusable {
        credential: Credential,
        name: String,
        cause: Unusable,
    },
    /// The API server refused it.
    Refused {
        kind: String,
        name: String,
        message: String,
    },
}

impl Problem {
    fn kind(&self) -> &str {
        match self {
            Self::Conflict { kind, .. } | Self::Refused { kind, .. } => kind,
            Self::Unusable { .. } => "Secret",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("cannot write {kind} {name}")]
    Api {
        kind: String,
        name: String,
        source: kube::Error,
    },
    #[error("{kind} {name} was changed by another client in the meantime")]
    Raced { kind: String, name: String },
    #[error("the watch cache may be stale, and there are objects to write")]
    Stale,
}

/// Writes what the stack wants. `written` gets the Secrets that were made or changed, even if a later write fails.
pub async fn apply(
    client: &Client,
    cache: &ApplyCache,
    stack: &ValidStack,
    live: &Live,
    desired: Desired,
    written: &mut Vec<Credential>,
) -> Result<Applied, ApplyError> {
    let mut writer = Writer::new(client, cache, stack, live);
    let mut applied = Applied {
        stateful_set: live.stateful_sets.get(&stack.object(POSTGRES)).cloned(),
        ..Applied::default()
    };
    let unusable = desired.unusable.iter();
    writer.problems = unusable
        .map(|(credential, cause)| Problem::Unusable {
            credential: *credential,
            name: stack.object(credential.suffix()),
            cause: *cause,
        })
        .collect();
    let may_begin = apply_data(&mut writer, live, &desired, &mut applied, written).await?;
    let Desired {
        // `apply_data` has written them.
        orphaned_states: _,
        volumes: _,
        credentials: _,
        metadata_changes: _,
        unusable: _,
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
        autoscalers,
        ingresses,
    } = desired;
    writer
        .apply_all(&live.service_accounts, &service_accounts)
        .await?;
    writer.apply_all(&live.roles, &roles).await?;
    writer
        .apply_all(&live.role_bindings, &role_bindings)
        .await?;
    writer.apply_all(&live.services, &services).await?;
    writer
        .apply_all(&live.network_policies, &network_policies)
        .await?;
    for set in &stateful_sets {
        let current = live.stateful_sets.get(&set.name_any());
        if current.is_none() && !may_begin {
            continue;
        }
        let metadata = current.map(|current| &current.metadata);
        let written = writer.apply(metadata, set).await?;
        applied.stateful_set = written.or(applied.stateful_set);
    }
    for restart in &restarts {
        restart_pod(&mut writer, restart).await?;
    }
    let Jobs { create, prune } = jobs;
    for job in &create {
        writer.create(job).await?;
    }
    apply_deployments(&mut writer, live, deployments, &mut applied).await?;
    writer.apply_all(&live.budgets, &budgets).await?;
    let autoscalers_live = live.autoscalers.iter();
    let own = autoscalers_live.filter(|(_, autoscaler)| belongs_to(stack, &autoscaler.metadata));
    let own_autoscalers = own.map(|(name, own)| (name.clone(), own.clone())).collect();
    writer.apply_all(&own_autoscalers, &autoscalers).await?;
    writer.apply_all(&live.ingresses, &ingresses).await?;
    prune_all(&mut writer, live, &own_autoscalers, &prune).await?;
    applied.problems = writer.problems;
    applied.wrote = writer.wrote;
    Ok(applied)
}

/// Writes the Deployments whose turn it is.
async fn apply_deployments(
    writer: &mut Writer<'_>,
    live: &Live,
    deployments: Vec<PlannedDeployment>,
    applied: &mut Applied,
) -> Result<(), ApplyError> {
    for planned in deployments {
        applied.turns.insert(planned.workload, planned.turn);
        let current = live.deployments.get(&planned.deployment.name_any());
        let metadata = current.map(|current| &current.metadata);
        let written = match planned.turn {
            Turn::Now => writer.apply(metadata, &planned.deployment).await?,
            Turn::After(_) | Turn::Without(_) => None,
        };
        if let Some(deployment) = written.or_else(|| current.cloned()) {
            if let Some(replicas) = planned.replicas {
                scale(writer, &deployment, replicas).await?;
            }
            applied.deployments.insert(planned.workload, deployment);
        }
    }
    Ok(())
}

/// Writes what outlives Deployments, and under `Retain` the stack. Returns whether a database may start on the volume.
/// Without a volume of ours the set's controller would create one without marks, or use one of another owner; and
/// Patroni would find another owner's state.
async fn apply_data(
    writer: &mut Writer<'_>,
    live: &Live,
    desired: &Desired,
    applied: &mut Applied,
    written: &mut Vec<Credential>,
) -> Result<bool, ApplyError> {
    let mut foreign: Vec<_> = live.foreign_states.values().collect();
    let orphaned = &desired.orphaned_states;
    if !orphaned.is_empty() && has_foreign_patroni(writer).await? {
        foreign.extend(orphaned);
    } else {
        for metadata in orphaned {
            delete_state(writer, metadata).await?;
        }
    }
    for state in &foreign {
        writer.conflict("ConfigMap", state.name.as_deref().unwrap_or_default());
    }
    // The volume is written before the Secrets, since its marks are how both are found after the stack is deleted.
    let mut has_volume = true;
    for volume in &desired.volumes {
        has_volume &= writer.create_absent(&live.volumes, volume).await?;
    }
    for write in &desired.credentials {
        write_credential(writer, write).await?;
        written.push(write.credential);
    }
    // A foreign Secret is not marked, and might be the stack's own without its labels.
    let is_foreign = |problem: &Problem| matches!(problem, Problem::Unusable { cause, .. } if *cause == Unusable::NotOurs);
    let mut confirmed = has_volume && !writer.problems.iter().any(is_foreign);
    for change in &desired.metadata_changes {
        let is_done = change_metadata(writer, change).await?;
        confirmed &= is_done || change.dependent == Dependent::PatroniState;
    }
    applied.deletion_policy = confirmed.then_some(writer.stack.deletion_policy);
    Ok(has_volume && foreign.is_empty())
}
