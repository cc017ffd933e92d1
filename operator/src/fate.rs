//! Volumes, credentials and Patroni's `ConfigMaps` share one fate (OPERATOR 12). Volumes and credentials carry the
//! stack's owner reference exactly when `deletionPolicy` is Delete, the `ConfigMaps` always their volume's: a claim is
//! gone only after the pods that use it, and a Patroni that shuts down makes a `ConfigMap` again that went before it.
//! `ConfigMaps` that outlive their volume would make the next database wait for its leader for ever. Pure.

use crate::{fetch::Fetched, labels::belongs_to, validate::ValidStack};
use ecommercestack_crds::DeletionPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

const CLAIM: &str = "PersistentVolumeClaim";

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

/// Patroni's `ConfigMaps` of a database whose volume is gone, before there is a new one: a stack deleted before they
/// were given their owner leaves them.
pub fn orphaned_states(fetched: &Fetched) -> Vec<ObjectMeta> {
    let states = fetched.live.patroni.values();
    states.filter(|_| is_new(fetched)).cloned().collect()
}

fn is_new(fetched: &Fetched) -> bool {
    fetched.live.volumes.is_empty() && fetched.live.stateful_sets.is_empty()
}

pub fn owner_changes(stack: &ValidStack, fetched: &Fetched) -> Vec<OwnerChange> {
    let ours = |metadata: &&ObjectMeta| belongs_to(&stack.name, metadata);
    let is_kept = stack.deletion_policy == DeletionPolicy::Retain;
    let stack_owner = (!is_kept).then_some(&stack.owner);
    let volumes = fetched.live.volumes.values().filter(ours);
    let credentials = fetched
        .secrets
        .values()
        .map(|secret| &secret.metadata)
        .filter(ours);
    let volume = volumes.clone().find_map(volume_reference);
    // Without a volume to follow they stay as they are.
    let states = fetched.live.patroni.values();
    let states = states.filter(|_| volume.is_some());
    volumes
        .map(|metadata| (Dependent::Volume, metadata, stack_owner))
        .chain(credentials.map(|metadata| (Dependent::Credential, metadata, stack_owner)))
        .chain(states.map(|metadata| (Dependent::PatroniState, metadata, volume.as_ref())))
        .filter_map(|(dependent, metadata, owner)| owner_change(stack, dependent, metadata, owner))
        .collect()
}

fn volume_reference(volume: &ObjectMeta) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: "v1".to_owned(),
        kind: CLAIM.to_owned(),
        name: volume.name.clone()?,
        uid: volume.uid.clone()?,
        ..Default::default()
    })
}

fn owner_change(
    stack: &ValidStack,
    dependent: Dependent,
    metadata: &ObjectMeta,
    owner: Option<&OwnerReference>,
) -> Option<OwnerChange> {
    let present = metadata.owner_references.clone().unwrap_or_default();
    let (ours, mut owners): (Vec<_>, Vec<_>) = present
        .into_iter()
        .partition(|owner| owner.uid == stack.owner.uid || owner.kind == CLAIM);
    let as_it_should_be = ours
        .iter()
        .map(|owner| &owner.uid)
        .eq(owner.iter().map(|owner| &owner.uid));
    if as_it_should_be || metadata.deletion_timestamp.is_some() {
        return None;
    }
    owners.extend(owner.cloned());
    Some(OwnerChange {
        dependent,
        name: metadata.name.clone()?,
        resource_version: metadata.resource_version.clone(),
        owners,
    })
}
