//! Labels, annotations and the field manager, which mark an object as the operator's and assign it to a stack.
//! Selectors are immutable on live objects: a change here needs a migration path.

use crate::validate::ValidStack;
use ecommercestack_crds::DeletionPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::api::{PatchParams, PostParams};
use std::collections::BTreeMap;

/// The field manager of every write, and the value of the managed-by label.
pub const MANAGER: &str = "ecommercestack-operator";
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const NAME: &str = "app.kubernetes.io/name";
pub const INSTANCE: &str = "app.kubernetes.io/instance";
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// Names the stack that an object belongs to.
pub const STACK: &str = "ecommercestack.dev/stack";
/// On pod templates: hash of the Secrets that the pods read, so that a change of the Secrets rolls the pods.
pub const SECRETS_HASH: &str = "ecommercestack.dev/secrets";
/// On Deployments: hash of the pod template that we applied, so that a rollout of ours can be distinguished from drift.
pub const TEMPLATE_HASH: &str = "ecommercestack.dev/template";

/// On volumes and Secrets: the uid of the stack that uses them. They carry no owner reference to it; see `retention`.
pub const STACK_UID: &str = "ecommercestack.dev/stack-uid";
/// On volumes and Secrets: what happens to them when that stack is deleted, `Retain` or `Delete`.
pub const DELETION_POLICY: &str = "ecommercestack.dev/deletion-policy";
/// On the volume: the currency of the prices in its data.
pub const CURRENCY: &str = "ecommercestack.dev/currency";
/// On the volume: the `StorageClass` that its stack named, empty where that was the cluster's default.
pub const STORAGE_CLASS: &str = "ecommercestack.dev/storage-class";
/// On the volume: the system identifier of the database from which auth has served, so that its first administrator exists.
pub const ADMINISTRATOR: &str = "ecommercestack.dev/administrator";
/// The value that earlier releases wrote there, and that is written if the identifier is not known.
pub const ADMINISTRATOR_EXISTS: &str = "exists";

/// On a stack, set by a person: the system identifier of the database that is accepted in place of the previous one.
pub const ACCEPT_DATABASE: &str = "ecommercestack.dev/accept-database";

/// On a stack, set by a person: the installation that is to manage it, as `NAMESPACE/LEASE`, even if another one does
/// at present. On its volume: the installation that managed it last.
pub const OPERATOR: &str = "ecommercestack.dev/operator";

/// The label by which Patroni identifies its own objects: members, and the `ConfigMaps` of its state. It is configured
/// in `images/postgres`.
pub const PATRONI_SCOPE: &str = "cluster-name";

/// For creations.
pub fn post_params() -> PostParams {
    PostParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PostParams::default()
    }
}

/// For merge patches.
pub fn merge_params() -> PatchParams {
    PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

/// Labels or annotations.
pub fn map<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<String, String> {
    entries
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// The labels of an object of a stack's component.
pub fn labels(stack: &str, component: &str) -> BTreeMap<String, String> {
    map([
        (NAME, component),
        (INSTANCE, stack),
        (PART_OF, "ecommercestack"),
        (MANAGED_BY, MANAGER),
        (STACK, stack),
    ])
}

/// The metadata of a child that is deleted together with its stack.
pub fn metadata(stack: &ValidStack, name: String, component: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(stack.namespace.clone()),
        labels: Some(labels(&stack.name, component)),
        owner_references: Some(vec![stack.owner.clone()]),
        ..Default::default()
    }
}

/// The annotations that both volumes and credentials of a stack carry.
pub fn marks(stack: &ValidStack) -> BTreeMap<String, String> {
    map([
        (STACK_UID, stack.owner.uid.as_str()),
        (DELETION_POLICY, stack.deletion_policy.into_str()),
    ])
}

/// The policy that an object is marked with.
pub fn marked_policy(metadata: &ObjectMeta) -> Option<DeletionPolicy> {
    match annotation(metadata, DELETION_POLICY)? {
        "Delete" => Some(DeletionPolicy::Delete),
        _ => Some(DeletionPolicy::Retain),
    }
}

/// The labels that select the pods of a component.
pub fn pod_labels(stack: &str, component: &str) -> BTreeMap<String, String> {
    map([(NAME, component), (INSTANCE, stack)])
}

/// Selects the pods of a component.
pub fn pod_selector(stack: &str, component: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(pod_labels(stack, component)),
        ..Default::default()
    }
}

/// Selects every object that this operator manages.
pub fn managed_selector() -> String {
    format!("{MANAGED_BY}={MANAGER}")
}

/// Selects every object that this operator does not manage.
pub fn unmanaged_selector() -> String {
    format!("{MANAGED_BY}!={MANAGER}")
}

/// Selects every object that this operator manages for one stack.
pub fn stack_selector(stack: &str) -> String {
    format!("{MANAGED_BY}={MANAGER},{STACK}={stack}")
}

/// Whether an object under a name that the stack needs belongs to the stack: by its labels, which any client can
/// remove, or by the stack's uid in its owner references and annotations. // OPERATOR 3
pub fn belongs_to(stack: &ValidStack, metadata: &ObjectMeta) -> bool {
    is_labeled(&stack.name, metadata) || names_uid(&stack.owner.uid, metadata)
}

/// Whether an object has the labels that select a stack's objects.
pub fn is_labeled(stack: &str, metadata: &ObjectMeta) -> bool {
    metadata.labels.as_ref().is_some_and(|labels| {
        labels.get(STACK).is_some_and(|value| value == stack)
            && labels.get(MANAGED_BY).is_some_and(|value| value == MANAGER)
    })
}

fn names_uid(uid: &str, metadata: &ObjectMeta) -> bool {
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    owners.iter().any(|owner| owner.uid == uid)
        || annotation(metadata, STACK_UID).is_some_and(|value| value == uid)
}

pub fn annotation<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}
