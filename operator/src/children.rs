//! The objects of a stack: one file a kind, each a pure function of the validated stack and its releases.
//! Pod templates carry no operator version and are frozen by snapshots: an upgrade of the operator
//! restarts no shop (OPERATOR 6).

pub mod access;
pub mod autoscalers;
pub mod budgets;
pub mod database_sizes;
pub mod deployments;
pub mod environment;
pub mod ingresses;
pub mod jobs;
pub mod network_policies;
pub mod passwords;
pub mod pods;
pub mod secrets;
pub mod services;
pub mod stateful_sets;
pub mod volumes;

use crate::{labels::labels, validate::ValidStack};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The metadata of a child that goes with its stack.
pub fn metadata(stack: &ValidStack, name: String, component: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(stack.namespace.clone()),
        labels: Some(labels(&stack.name, component)),
        owner_references: Some(vec![stack.owner.clone()]),
        ..Default::default()
    }
}
