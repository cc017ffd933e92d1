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

/// Resolves when the process receives a signal to stop.
pub type Stop = Shared<BoxFuture<'static, ()>>;

/// Runs until the process is to stop and the last pass has ended.
pub async fn run(context: Arc<Context>, scopes: Vec<Scope>, stop: Stop) {
    let controllers: Vec<BoxStream<'static, ()>> = scopes
        .into_iter()
        .map(|scope| controller(&context, scope, stop.clone()))
        .collect();
    let controllers = futures::stream::select_all(controllers).for_each(|()| async {});
    // A Controller treats a stack that waits for a slot as being reconciled, and would wait for it.
    let closing = async {
        stop.await;
        context.slots.close();
    };
    join(controllers, closing).await;
}

fn controller(context: &Arc<Context>, scope: Scope, stop: Stop) -> BoxStream<'static, ()> {
    let client = &context.client;
    let (children, changes) = Children::watch(client, &scope);
    // The Controller's own limit is not used, since it would count stacks that wait for a slot.
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
            // An event of a child after its stack was deleted.
            Err(Error::ObjectNotFound(stack)) => {
                forgetting.forget(&(stack.namespace.unwrap_or_default(), stack.name));
            }
            Err(error) => warn!(error = %error, "the watch returned an error"),
        })
        .boxed()
}
