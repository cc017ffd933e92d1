//! Where stacks and their children are watched: in all namespaces, or in one.

use ecommercestack_crds::EcommerceStack;
use kube::{
    Api, Client, Resource,
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::reflector::ObjectRef,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Objects that the first list of a watch holds at a time. They are whole then, and managed fields are most of them.
pub const PAGE: u32 = 25;

/// The namespace that a Controller watches; `None` is all of them.
pub type Scope = Option<String>;

/// A stack to work on. A pass reads it itself; one that cannot be read must not end the watch of all.
pub type StackRef = ObjectRef<PartialObjectMeta<EcommerceStack>>;

/// A kind of objects in namespaces that the operator reads or writes.
pub trait Namespaced:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl<K> Namespaced for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// The objects of a kind in a scope.
pub fn api<K: Namespaced>(client: &Client, scope: &Scope) -> Api<K> {
    match scope {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}
