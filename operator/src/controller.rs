//! The watches: stacks, and every kind of child and the volumes by our managed-by label, metadata only (OPERATOR 5).
//! Cluster-wide, or one Controller for each namespace without any `ClusterRole` (OPERATOR 21).

use crate::{
    labels::{STACK, managed_selector},
    reconcile::{Context, on_error, reconcile},
    run::Stop,
};
use ecommercestack_crds::EcommerceStack;
use futures::{StreamExt as _, stream::BoxStream};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::Job,
    core::v1::{PersistentVolumeClaim, Service, ServiceAccount},
    networking::v1::{Ingress, NetworkPolicy},
    policy::v1::PodDisruptionBudget,
    rbac::v1::{Role, RoleBinding},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client, Resource,
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::{
        Controller,
        controller::{self, Error},
        reflector::ObjectRef,
        watcher,
    },
};
use std::{sync::Arc, time::Duration};
use tracing::{debug, warn};

/// Trailing debounce, so that a burst of child events is one pass.
const DEBOUNCE: Duration = Duration::from_millis(500);

/// The namespace that a Controller watches; `None` is all of them.
pub type Scope = Option<String>;

/// Runs until the process is told to stop and the last pass has ended.
pub async fn run(context: Arc<Context>, scopes: Vec<Scope>, concurrency: u16, stop: Stop) {
    let controllers: Vec<BoxStream<'static, ()>> = scopes
        .into_iter()
        .map(|scope| controller(&context, &scope, concurrency, stop.clone()))
        .collect();
    futures::stream::select_all(controllers)
        .for_each(|()| async {})
        .await;
}

fn controller(
    context: &Arc<Context>,
    scope: &Scope,
    concurrency: u16,
    stop: Stop,
) -> BoxStream<'static, ()> {
    let client = &context.client;
    let children = || watcher::Config::default().labels(&managed_selector());
    let config = controller::Config::default()
        .debounce(DEBOUNCE)
        .concurrency(concurrency);
    let forgetting = context.clone();
    // A pass reads its stack itself; one that cannot be read must not end the watch of all.
    Controller::new(
        api::<PartialObjectMeta<EcommerceStack>>(client, scope),
        watcher::Config::default(),
    )
    .with_config(config)
    .owns(api::<Deployment>(client, scope), children())
    .owns(api::<StatefulSet>(client, scope), children())
    .owns(api::<Job>(client, scope), children())
    .owns(api::<Service>(client, scope), children())
    .owns(api::<ServiceAccount>(client, scope), children())
    .owns(api::<Role>(client, scope), children())
    .owns(api::<RoleBinding>(client, scope), children())
    .owns(api::<Ingress>(client, scope), children())
    .owns(api::<PodDisruptionBudget>(client, scope), children())
    .owns(api::<HorizontalPodAutoscaler>(client, scope), children())
    .owns(api::<NetworkPolicy>(client, scope), children())
    // What happens to the data must not wait for the next look, and a volume has no owner.
    .watches(
        api::<PartialObjectMeta<PersistentVolumeClaim>>(client, scope),
        children(),
        |volume| stack_of(&volume.metadata),
    )
    .graceful_shutdown_on(stop)
    .run(reconcile, on_error, context.clone())
    .map(move |outcome| match outcome {
        Ok((stack, action)) => debug!(stack = %stack, ?action, "a pass ended"),
        // A child's event after the stack itself is gone.
        Err(Error::ObjectNotFound(stack)) => {
            forget(&forgetting, &stack.name, stack.namespace.as_deref());
        }
        Err(error) => warn!(error = %error, "the watch reports an error"),
    })
    .boxed()
}

/// The stack that an object without an owner is labelled with.
fn stack_of(metadata: &ObjectMeta) -> Option<ObjectRef<PartialObjectMeta<EcommerceStack>>> {
    let name = metadata.labels.as_ref()?.get(STACK)?;
    Some(ObjectRef::new(name).within(metadata.namespace.as_deref()?))
}

fn forget(context: &Context, name: &str, namespace: Option<&str>) {
    context.forget(&(namespace.unwrap_or_default().to_owned(), name.to_owned()));
}

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
