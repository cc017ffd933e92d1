//! One pass over one stack, as a table of contents: fetch, validate, build, apply, status.

use crate::{
    apply::{ApplyError, apply},
    build::build,
    children::access::PostgresRole,
    credentials::complete,
    events::Events,
    fetch::{FetchError, fetch, fetch_stack},
    labels::MANAGER,
    randomness::OperatingSystem,
    releases::decide,
    retries::Retries,
    seen::{Seen, StackKey},
    status::{Report, StepError, is_true, status},
    validate::{Policy, validate},
};
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus, GROUP};
use jiff::Timestamp;
use kube::{
    Api, Client, ResourceExt as _,
    api::{Patch, PatchParams},
    runtime::controller::Action,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tracing::{info, warn};

/// What every pass needs.
pub struct Context {
    pub client: Client,
    pub events: Events,
    pub seen: Seen,
    pub retries: Retries,
    pub role: PostgresRole,
    pub policy: Policy,
    /// How often a stack that is ready is looked at without cause.
    pub resync: Duration,
}

/// What keeps a pass from ending in a status.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("cannot write the status")]
    Status(#[source] kube::Error),
}

/// How often an unready stack is looked at: pods are not watched, and say why they do not start.
const UNREADY: Duration = Duration::from_secs(5);

pub async fn reconcile(
    stack: Arc<EcommerceStack>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let key = stack_key(&stack);
    let Some(stack) = fetch_stack(&context.client, &key.0, &key.1).await? else {
        context.forget(&key);
        return Ok(Action::await_change());
    };
    if stack.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change()); // OPERATOR 3: garbage collection does the rest
    }
    let outcome = Box::pin(pass(&context, stack.clone())).await;
    if let Err(error) = &outcome {
        warn!(stack.namespace = key.0, stack.name = key.1, error = %chain(error), "a pass ended early");
    }
    let new = status(
        stack.status.as_ref(),
        stack.metadata.generation,
        Timestamp::now(),
        &outcome,
    );
    context.set_status(&stack, &new).await?;
    Ok(context.next(&key, &outcome, &new))
}

async fn pass(context: &Context, stack: EcommerceStack) -> Result<Report, StepError> {
    let fetched = fetch(&context.client, stack).await?;
    if fetched.namespace_terminating {
        let namespace = fetched.stack.namespace().unwrap_or_default();
        return Err(StepError::NamespaceTerminating(namespace));
    }
    let stack = validate(&fetched.stack)?;
    context.policy.check(&stack)?;
    let credentials = complete(&stack, &fetched.secrets, &mut OperatingSystem)?;
    let releases = decide(&stack, &fetched, &credentials);
    let desired = build(&stack, &fetched, &credentials, &releases, &context.role);
    let applied = apply(
        &context.client,
        &context.seen,
        &stack,
        &fetched.live,
        desired,
    )
    .await?;
    Ok(Report {
        stack,
        fetched,
        releases,
        applied,
    })
}

impl Context {
    /// Written only if it differs: the write would come back as a change.
    async fn set_status(
        &self,
        stack: &EcommerceStack,
        new: &EcommerceStackStatus,
    ) -> Result<(), ReconcileError> {
        if stack.status.as_ref() == Some(new) {
            return Ok(());
        }
        let namespace = stack.namespace().unwrap_or_default();
        let api: Api<EcommerceStack> = Api::namespaced(self.client.clone(), &namespace);
        let patch = Patch::Apply(json!({
            "apiVersion": format!("{GROUP}/v1alpha1"),
            "kind": "EcommerceStack",
            // The uid, so that a stack made anew in the meantime does not get the status of the one before.
            "metadata": { "name": stack.name_any(), "uid": stack.metadata.uid },
            "status": new,
        }));
        let parameters = PatchParams::apply(MANAGER).force();
        match api
            .patch_status(&stack.name_any(), &parameters, &patch)
            .await
        {
            Ok(_) => {}
            // Deleted in the meantime.
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {
                return Ok(());
            }
            Err(error) => return Err(ReconcileError::Status(error)),
        }
        if let Some(ready) = crate::status::condition(&new.conditions, ConditionType::Ready) {
            info!(
                stack.namespace = namespace,
                stack.name = stack.name_any(),
                ready = ready.status,
                reason = ready.reason,
                message = ready.message,
                "wrote the status"
            );
        }
        self.events.publish(stack, stack.status.as_ref(), new).await;
        Ok(())
    }

    fn next(
        &self,
        key: &StackKey,
        outcome: &Result<Report, StepError>,
        new: &EcommerceStackStatus,
    ) -> Action {
        let label = if outcome.is_ok() { "applied" } else { "failed" };
        metrics::counter!("ecommercestack_operator_passes_total", "outcome" => label).increment(1);
        match outcome {
            Err(StepError::Apply(ApplyError::Raced { .. })) => {
                Action::requeue(Duration::from_secs(1))
            }
            Err(_) => Action::requeue(self.retries.failed(key)),
            Ok(_) => {
                self.retries.succeeded(key);
                let ready = is_true(&new.conditions, ConditionType::Ready);
                Action::requeue(if ready { self.resync } else { UNREADY })
            }
        }
    }

    /// After a stack is gone.
    pub fn forget(&self, key: &StackKey) {
        self.seen.forget(key);
        self.retries.succeeded(key);
    }
}

/// Errors after which not even a status was written.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is the Controller's"
)]
pub fn on_error(
    stack: Arc<EcommerceStack>,
    error: &ReconcileError,
    context: Arc<Context>,
) -> Action {
    let key = stack_key(&stack);
    warn!(stack.namespace = key.0, stack.name = key.1, error = %chain(error), "a pass failed");
    metrics::counter!("ecommercestack_operator_passes_total", "outcome" => "unreported")
        .increment(1);
    Action::requeue(context.retries.failed(&key))
}

fn stack_key(stack: &EcommerceStack) -> StackKey {
    (stack.namespace().unwrap_or_default(), stack.name_any())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
