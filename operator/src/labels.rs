//! Labels, annotations and the field manager: how an object says that it is ours, and whose.
//! Selectors are immutable on live objects: a change here needs a migration path.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use std::collections::BTreeMap;

/// The field manager of every write, and the value of the managed-by label.
pub const MANAGER: &str = "ecommercestack-operator";
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const NAME: &str = "app.kubernetes.io/name";
pub const INSTANCE: &str = "app.kubernetes.io/instance";
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// Names the stack that an object belongs to.
pub const STACK: &str = "ecommercestack.dev/stack";
/// On pod templates: hash of the Secrets that the pods read, so that a change of theirs rolls the pods.
pub const SECRETS_HASH: &str = "ecommercestack.dev/secrets";
/// On Deployments: hash of the pod template that we applied, so that a roll of ours is told from drift.
pub const TEMPLATE_HASH: &str = "ecommercestack.dev/template";

/// The labels of an object of a stack's component.
pub fn labels(stack: &str, component: &str) -> BTreeMap<String, String> {
    [
        (NAME, component),
        (INSTANCE, stack),
        (PART_OF, "ecommercestack"),
        (MANAGED_BY, MANAGER),
        (STACK, stack),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

/// The labels that select the pods of a component.
pub fn pod_labels(stack: &str, component: &str) -> BTreeMap<String, String> {
    [(NAME, component), (INSTANCE, stack)]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
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

/// Selects every object that this operator manages for one stack.
pub fn stack_selector(stack: &str) -> String {
    format!("{MANAGED_BY}={MANAGER},{STACK}={stack}")
}

/// Whether an object of a name that we need is ours to write. // OPERATOR 3
pub fn belongs_to(stack: &str, metadata: &ObjectMeta) -> bool {
    metadata.labels.as_ref().is_some_and(|labels| {
        labels.get(STACK).is_some_and(|value| value == stack)
            && labels.get(MANAGED_BY).is_some_and(|value| value == MANAGER)
    })
}
