//! Where stacks and their children are watched: in all namespaces, or in one.

use ecommercestack_crds::EcommerceStack;
use kube::{
    Api, Client, Resource,
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::reflector::ObjectRef,
};

/// Objects that the first list of a watch holds at a time. They are whole then, and managed fields are most of them.
pub const PAGE: u32 = 25;

/// The namespace that a Controller watches; `None` is all of them.
pub type Scope = Option<String>;

/// A stack to work on. A pass reads it itself; one that cannot be read must not end the watch of all.
pub type StackRef = ObjectRef<PartialObjectMeta<EcommerceStack>>;

/// The objects of a kind in a scope.
pub fn api<K>(client: &Client, scope: &Scope) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match scope {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}
