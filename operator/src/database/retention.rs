//! Volumes, credentials and Patroni's `ConfigMaps` are retained or deleted together (OPERATOR 12, ADR 6). While the
//! stack exists, none of them has an owner reference to it: the garbage collector would act on it when the stack is
//! deleted, even if the policy had been changed just before. Volumes and credentials are marked with the stack's uid
//! and its policy instead, and the operator hands them to the garbage collector once the stack is deleted
//! (`deleted_stacks`). The `ConfigMaps` carry their volume's reference: a claim is deleted only after the pods that use
//! it, and a Patroni that shuts down creates a `ConfigMap` again that was deleted before it. Pure.

use crate::{
    database::{adoption::made_for, volumes::is_volume_name},
    fetched::Fetched,
    kube::{
        labels::{
            ADMINISTRATOR, ADMINISTRATOR_EXISTS, OPERATOR, STACK_UID, annotation, belongs_to,
            is_labeled, labels, marked_policy, marks,
        },
        live::Live,
    },
    validate::ValidStack,
};
use ecommercestack_crds::{DeletionPolicy, EcommerceStack};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Resource as _;
use std::collections::{BTreeMap, BTreeSet};

const CLAIM: &str = "PersistentVolumeClaim";

/// A kind of object that may outlive its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependent {
    Volume,
    Credential,
    PatroniState,
}

/// An object whose owner references, labels or annotations have to change.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataChange {
    pub dependent: Dependent,
    pub name: String,
    pub resource_version: Option<String>,
    /// The complete list, or `None` if it is right.
    pub owners: Option<Vec<OwnerReference>>,
    /// Those to set.
    pub labels: BTreeMap<String, String>,
    /// Those to set.
    pub annotations: BTreeMap<String, String>,
}

/// The annotations of volumes.
pub fn volume_marks(stack: &ValidStack) -> BTreeMap<String, String> {
    let mut marks = marks(stack);
    marks.extend(made_for(stack));
    let operator = stack.operator.clone();
    marks.extend(operator.map(|operator| (OPERATOR.to_owned(), operator)));
    marks
}

/// A deleted stack of the same name whose volume or Secrets still exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Predecessor {
    pub uid: String,
    pub disposition: Disposition,
    /// The installation of the operator that managed it, if the data name it.
    pub operator: Option<String>,
}

/// What happens to a predecessor's data, according to their marks and owner references.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// This stack adopts them.
    Stay,
    /// They were marked for deletion with their stack; the policy may have changed since.
    Go,
    /// The garbage collector deletes them.
    AreGoing,
}

/// The deleted stacks of this name that volumes and Secrets refer to.
pub fn predecessors(stack: &ValidStack, fetched: &Fetched) -> BTreeSet<Predecessor> {
    let volumes = fetched.live.volumes.values().map(|volume| &volume.metadata);
    let secrets = fetched.secrets.values().map(|secret| &secret.metadata);
    volumes
        .chain(secrets)
        .filter(|metadata| is_labeled(&stack.name, metadata))
        .flat_map(of_predecessors)
        .filter(|predecessor| predecessor.uid != stack.owner.uid)
        .collect()
}

fn of_predecessors(metadata: &ObjectMeta) -> Vec<Predecessor> {
    let marked = annotation(metadata, STACK_UID).map(|uid| Predecessor {
        uid: uid.to_owned(),
        operator: annotation(metadata, OPERATOR).map(str::to_owned),
        disposition: match marked_policy(metadata) {
            Some(DeletionPolicy::Delete) => Disposition::Go,
            Some(DeletionPolicy::Retain) | None => Disposition::Stay,
        },
    });
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    let owned = owners
        .iter()
        .filter(|owner| owner.kind == EcommerceStack::kind(&()))
        .map(|owner| Predecessor {
            uid: owner.uid.clone(),
            operator: None,
            disposition: Disposition::AreGoing,
        });
    marked.into_iter().chain(owned).collect()
}

/// Patroni's `ConfigMaps` of a database whose volume is gone, before there is a new database: it would wait for the old
/// one's leader permanently.
pub fn orphaned_states(live: &Live) -> Vec<ObjectMeta> {
    if !live.stateful_sets.is_empty() {
        return Vec::new();
    }
    let volumes = || live.volumes.values().map(|volume| &volume.metadata);
    let states = live.patroni.values();
    states
        .filter(|state| !volumes().any(|volume| may_be_of(state, volume)))
        .cloned()
        .collect()
}

/// Whether the state can belong to a database on this volume: it is not older, and has no other volume as its owner.
fn may_be_of(state: &ObjectMeta, volume: &ObjectMeta) -> bool {
    let owners = state.owner_references.as_deref().unwrap_or_default();
    let has_another_owner = owners
        .iter()
        .any(|owner| owner.kind == CLAIM && Some(&owner.uid) != volume.uid.as_ref());
    !has_another_owner && state.creation_timestamp >= volume.creation_timestamp
}

/// The changes after which volumes, credentials and Patroni's state are deleted or retained as the spec requires.
pub fn metadata_changes(stack: &ValidStack, fetched: &Fetched) -> Vec<MetadataChange> {
    let ours = |metadata: &&ObjectMeta| belongs_to(stack, metadata);
    // A copy of a claim that a user made has its labels, too.
    let volumes = fetched.live.volumes.iter();
    let volumes = volumes.filter(|(name, _)| is_volume_name(&stack.name, name));
    let volumes = || volumes.clone().map(|(_, volume)| &volume.metadata);
    let credentials = fetched.secrets.iter();
    let volume = volumes().find(ours);
    // Without a volume they are left unchanged.
    let states = fetched.live.patroni.values();
    let states = states.filter(|state| volume.is_some_and(|volume| may_be_of(state, volume)));
    let reference = volume.and_then(volume_reference);
    let states = states.filter_map(|state| state_change(state, reference.as_ref()?));
    let administered = fetched.has_administrator();
    let volumes = volumes().filter(ours).filter_map(|metadata| {
        let mut annotations = volume_marks(stack);
        if administered {
            let database = fetched.system_identifier.as_deref();
            annotations.insert(
                ADMINISTRATOR.to_owned(),
                database.unwrap_or(ADMINISTRATOR_EXISTS).to_owned(),
            );
        }
        let labels = labels(&stack.name, crate::component::POSTGRES);
        change(stack, Dependent::Volume, metadata, labels, annotations)
    });
    let credentials = credentials
        .filter(|(_, secret)| belongs_to(stack, &secret.metadata))
        .filter_map(|(credential, secret)| {
            let labels = labels(&stack.name, credential.component());
            let metadata = &secret.metadata;
            change(stack, Dependent::Credential, metadata, labels, marks(stack))
        });
    volumes.chain(credentials).chain(states).collect()
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

fn state_change(metadata: &ObjectMeta, volume: &OwnerReference) -> Option<MetadataChange> {
    let present = metadata.owner_references.clone().unwrap_or_default();
    let is_replaced =
        |owner: &OwnerReference| owner.kind == CLAIM || owner.kind == EcommerceStack::kind(&());
    let (own, mut owners): (Vec<_>, Vec<_>) = present.into_iter().partition(is_replaced);
    if own.iter().map(|owner| &owner.uid).eq([&volume.uid]) {
        return None;
    }
    owners.push(volume.clone());
    let (labels, annotations) = (BTreeMap::new(), BTreeMap::new());
    let dependent = Dependent::PatroniState;
    needed(metadata, dependent, Some(owners), labels, annotations)
}

fn change(
    stack: &ValidStack,
    dependent: Dependent,
    metadata: &ObjectMeta,
    mut labels: BTreeMap<String, String>,
    mut annotations: BTreeMap<String, String>,
) -> Option<MetadataChange> {
    let present = metadata.owner_references.as_deref().unwrap_or_default();
    let kept: Vec<_> = present
        .iter()
        .filter(|owner| owner.uid != stack.owner.uid)
        .cloned()
        .collect();
    let held = |map: &Option<BTreeMap<String, String>>, key: &str, value: &String| {
        map.as_ref().and_then(|map| map.get(key)) == Some(value)
    };
    labels.retain(|key, value| !held(&metadata.labels, key, value));
    annotations.retain(|key, value| !held(&metadata.annotations, key, value));
    let owners = (kept.len() != present.len()).then_some(kept);
    needed(metadata, dependent, owners, labels, annotations)
}

/// The change, unless it is empty or the object is being deleted.
fn needed(
    metadata: &ObjectMeta,
    dependent: Dependent,
    owners: Option<Vec<OwnerReference>>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
) -> Option<MetadataChange> {
    let is_empty = owners.is_none() && labels.is_empty() && annotations.is_empty();
    if is_empty || metadata.deletion_timestamp.is_some() {
        return None;
    }
    Some(MetadataChange {
        dependent,
        name: metadata.name.clone()?,
        resource_version: metadata.resource_version.clone(),
        owners,
        labels,
        annotations,
    })
}
