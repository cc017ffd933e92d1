//! Volumes, credentials and Patroni's `ConfigMaps` share one fate (OPERATOR 12): they carry the stack's owner
//! reference exactly when `deletionPolicy` is Delete. `ConfigMaps` that outlive their volume would make the next
//! database wait for its leader for ever. Pure.

use crate::{fetch::Fetched, labels::belongs_to, validate::ValidStack};
use ecommercestack_crds::DeletionPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

/// A kind of object that may outlive its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependent {
    Volume,
    Credential,
    PatroniState,
}

/// An object whose owner references have to change.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerChange {
    pub dependent: Dependent,
    pub name: String,
    pub resource_version: Option<String>,
    pub owners: Vec<OwnerReference>,
}

/// Patroni's `ConfigMaps` of a database whose volume is gone, before there is a new one. Patroni may write one more
/// while its pod ends, after garbage collection took the others.
pub fn orphaned_states(fetched: &Fetched) -> Vec<ObjectMeta> {
    let states = fetched.live.patroni.values();
    states.filter(|_| is_new(fetched)).cloned().collect()
}

fn is_new(fetched: &Fetched) -> bool {
    fetched.live.volumes.is_empty() && fetched.live.stateful_sets.is_empty()
}

pub fn owner_changes(stack: &ValidStack, fetched: &Fetched) -> Vec<OwnerChange> {
    let ours = |metadata: &&ObjectMeta| belongs_to(&stack.name, metadata);
    let volumes = fetched.live.volumes.values().filter(ours);
    let credentials = fetched
        .secrets
        .values()
        .map(|secret| &secret.metadata)
        .filter(ours);
    let states = fetched.live.patroni.values();
    let states = states.filter(|_| !is_new(fetched));
    volumes
        .map(|metadata| (Dependent::Volume, metadata))
        .chain(credentials.map(|metadata| (Dependent::Credential, metadata)))
        .chain(states.map(|metadata| (Dependent::PatroniState, metadata)))
        .filter_map(|(dependent, metadata)| owner_change(stack, dependent, metadata))
        .collect()
}

fn owner_change(
    stack: &ValidStack,
    dependent: Dependent,
    metadata: &ObjectMeta,
) -> Option<OwnerChange> {
    let owners = metadata.owner_references.clone().unwrap_or_default();
    let is_owned = owners.iter().any(|owner| owner.uid == stack.owner.uid);
    let should_be = stack.deletion_policy == DeletionPolicy::Delete;
    if is_owned == should_be || metadata.deletion_timestamp.is_some() {
        return None;
    }
    let mut owners: Vec<_> = owners
        .into_iter()
        .filter(|owner| owner.uid != stack.owner.uid)
        .collect();
    if should_be {
        owners.push(stack.owner.clone());
    }
    Some(OwnerChange {
        dependent,
        name: metadata.name.clone()?,
        resource_version: metadata.resource_version.clone(),
        owners,
    })
}
