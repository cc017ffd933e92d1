//! The Controllers: a pass over a stack whenever the stack or a child of it changes (`stores`).
//! Cluster-wide, or one Controller for each namespace without any `ClusterRole` (OPERATOR 21).

use crate::{
    kube::{
        scope::{PAGE, Scope, api},
        stores::Children,
    },
    reconcile::{Context, on_error, reconcile},
};
use ecommercestack_crds::EcommerceStack;
use futures::{
    StreamExt as _,
    future::{BoxFuture, Shared, join},
    stream::BoxStream,
};
use kube::{
    core::PartialObjectMeta,
    runtime::{
        Controller, WatchStreamExt as _,
        controller::{self, Error},
        reflector,
        watcher::{self, watcher},
    },
};
use std::{sync::Arc, time::Duration};
use tracing::{debug, warn};

/// Trailing debounce, so that a burst of child events is one pass.
const DEBOUNCE: Duration = Duration::from_millis(500);

/// Resolves when the process is told to stop.
pub type Stop = Shared<BoxFuture<'static, ()>>;

/// Runs until the process is told to stop and the last pass has ended.
pub async fn run(context: Arc<Context>, scopes: Vec<Scope>, stop: Stop) {
    let controllers: Vec<BoxStream<'static, ()>> = scopes
        .into_iter()
        .map(|scope| controller(&context, scope, stop.clone()))
        .collect();
    let controllers = futures::stream::select_all(controllers).for_each(|()| async {});
    // A Controller takes a stack that waits for a place for one that is worked on, and would wait for it.
    let closing = async {
        stop.await;
        context.slots.close();
    };
    join(controllers, closing).await;
}

fn controller(context: &Arc<Context>, scope: Scope, stop: Stop) -> BoxStream<'static, ()> {
    let client = &context.client;
    let (children, changes) = Children::watch(client, &scope);
    // Its own limit would count stacks that wait for a place.
    let config = controller::Config::default().debounce(DEBOUNCE);
    let (known, writer) = reflector::store();
    let stacks = api::<PartialObjectMeta<EcommerceStack>>(client, &scope);
    let stacks = watcher(stacks, watcher::Config::default().page_size(PAGE))
        .default_backoff()
        .modify(|stack| {
            let metadata = &mut stack.metadata;
            (metadata.managed_fields, metadata.annotations) = (None, None);
        })
        .reflect(writer)
        .applied_objects();
    context.stores.add(scope, children);
    let forgetting = context.clone();
    Controller::for_stream(stacks, known)
        .with_config(config)
        .reconcile_on(changes)
        .graceful_shutdown_on(stop)
        .run(reconcile, on_error, context.clone())
        .map(move |outcome| match outcome {
            Ok((stack, action)) => debug!(stack = %stack, ?action, "reconcile finished"),
            // A child's event after the stack itself is gone.
            Err(Error::ObjectNotFound(stack)) => {
                forget(&forgetting, &stack.name, stack.namespace.as_deref());
            }
            Err(error) => warn!(error = %error, "the watch returned an error"),
        })
        .boxed()
}

fn forget(context: &Context, name: &str, namespace: Option<&str>) {
    context.forget(&(namespace.unwrap_or_default().to_owned(), name.to_owned()));
}
