//! One pass over one stack, as a table of contents: fetch, validate, build, apply, status.

use crate::{
    apply::{ApplyError, apply},
    audits::{self, Audits},
    build::build,
    children::access::PostgresRole,
    credentials::{Credentials, complete},
    departures::Departures,
    events::Events,
    fetch::{FetchError, fetch, fetch_stack},
    labels::MANAGER,
    randomness::OperatingSystem,
    releases::decide,
    retention::predecessors,
    retries::Retries,
    routing::{Looks, Routing, Target, foreseen, look},
    seen::{Seen, StackKey},
    status::{Report, StepError, is_available, is_true, status},
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
use tokio::time::timeout;
use tracing::{info, warn};

/// What every pass needs.
pub struct Context {
    pub client: Client,
    pub departures: Departures,
    pub events: Events,
    pub seen: Seen,
    pub retries: Retries,
    pub looks: Looks,
    pub audit_reads: audits::Reads,
    /// Where the ingress controller is reached, if not where the Ingress's status says.
    pub ingress_address: Option<String>,
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

/// How often a stack is looked at whose audits are not known or found something: who repairs it waits for that.
const UNSETTLED: Duration = Duration::from_secs(30);

/// Many times what a pass takes.
const LONGEST_PASS: Duration = Duration::from_mins(1);

pub async fn reconcile(
    stack: Arc<EcommerceStack>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let key = stack_key(&stack);
    let _turn = context.departures.locks.lock(&key).await;
    let Some(stack) = fetch_stack(&context.client, &key.0, &key.1).await? else {
        context.forget(&key);
        return Ok(Action::await_change());
    };
    if stack.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change()); // OPERATOR 3: garbage collection does the rest
    }
    // A request that is never answered must not keep a stack from its next pass.
    let outcome = timeout(LONGEST_PASS, Box::pin(pass(&context, stack.clone())))
        .await
        .unwrap_or(Err(StepError::Overdue));
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
    let predecessors = predecessors(&stack, &fetched);
    if context.departures.block(&stack, &predecessors) {
        return Err(StepError::PredecessorLeaving(stack.name));
    }
    let credentials = complete(
        &stack,
        &fetched.secrets,
        fetched.has_administrator(),
        &mut OperatingSystem,
    )?;
    let releases = decide(&stack, &fetched, &credentials);
    let stacks = context.departures.stacks.there();
    let created = fetched.stack.creation_timestamp().map(|time| time.0);
    let foreseen = foreseen(&stack, created, &stacks, fetched.ingress_classes.as_ref());
    let mut desired = build(&stack, &fetched, &credentials, &releases, &context.role);
    if let Some(Routing::HostTaken(_)) = foreseen {
        desired.ingresses.clear();
    }
    let applied = apply(
        &context.client,
        &context.seen,
        &stack,
        &fetched.live,
        desired,
    )
    .await?;
    let mut report = Report {
        stack,
        fetched,
        releases,
        applied,
        routing: Routing::NoIngress,
        audits: Audits::not_read("the shop is not available"),
    };
    if is_available(&report) {
        let key = (report.stack.namespace.clone(), report.stack.name.clone());
        report.audits = audits::read(&context.audit_reads, &key, &credentials).await;
    }
    report.routing = match foreseen {
        Some(foreseen) => foreseen,
        None => context.look(&report, &credentials).await,
    };
    Ok(report)
}

impl Context {
    /// Whether the shop's URL leads to it.
    async fn look(&self, report: &Report, credentials: &Credentials) -> Routing {
        let stack = &report.stack;
        let not_checked = |why: &str| Routing::NotChecked(why.to_owned());
        if stack.route.as_ref().is_some_and(|route| !route.check_url) {
            return not_checked("spec.ingress.checkUrl is false");
        }
        if !is_available(report) {
            return not_checked("the shop is not available");
        }
        let Some(signing_key) = credentials.active_signing_key() else {
            return not_checked("the shop has no signing key");
        };
        let target = Target {
            key: (stack.namespace.clone(), stack.name.clone()),
            url: stack.url(),
            signing_key,
            address: self.ingress_address.clone(),
        };
        look(&self.client, &self.looks, &target).await
    }

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
            Err(StepError::Apply(ApplyError::Raced { .. }) | StepError::PredecessorLeaving(_)) => {
                Action::requeue(Duration::from_secs(1))
            }
            Err(_) => Action::requeue(self.retries.failed(key)),
            Ok(report) => {
                self.retries.succeeded(key);
                let ready = is_true(&new.conditions, ConditionType::Ready);
                Action::requeue(if !ready {
                    UNREADY
                } else if report.audits.are_settled() {
                    self.resync
                } else {
                    self.resync.min(UNSETTLED)
                })
            }
        }
    }

    /// After a stack is gone.
    pub fn forget(&self, key: &StackKey) {
        self.seen.forget(key);
        self.looks.forget(key);
        self.audit_reads.forget(key);
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
