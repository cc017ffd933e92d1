//! The scope in which stacks and their children are watched: all namespaces, or one.

use ecommercestack_crds::EcommerceStack;
use kube::{
    Api, Client, Resource,
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::reflector::ObjectRef,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// The page size of the first list of a watch, which returns whole objects, with managed fields as their largest part.
pub const PAGE: u32 = 25;

/// The namespace that a Controller watches; `None` is all of them.
pub type Scope = Option<String>;

/// A stack to reconcile. Only its metadata are watched, since a stack that cannot be parsed must not end the watch of
/// all stacks.
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
