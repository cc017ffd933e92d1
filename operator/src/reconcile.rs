//! One pass over one stack, as a table of contents: fetch, validate, build, apply, status. If the stores show that
//! there is nothing to do, the pass ends there.

mod claim;
mod set_status;

use crate::{
    apply::{ApplyError, apply},
    build::build,
    credentials::{Credential, Credentials, complete},
    database::{
        adoption, deleted_stacks::DeletedStacks, rbac::PostgresRole, retention::predecessors,
    },
    fetch::{Found, Unwatched, fetch, fetch_stack, fetch_unwatched},
    kube::{
        apply_cache::ApplyCache,
        installation::Installation,
        lease::LeaseError,
        live::FetchError,
        per_stack::{StackKey, key_of},
        skew::Guard,
        stores::{Children, Idle, Stores},
    },
    network::routing::{Routing, Target, UrlChecks, check_url, foreseen},
    pace::{Reason, backoff::Attempts, slots::Slots},
    randomness::OperatingSystem,
    release::gate::decide,
    status::{
        Report, StepError,
        audits::{self, Audits},
        events::Events,
        is_available, is_true, keys_replaced, status,
    },
    validate::{Policy, validate},
};
use claim::{Claim, Claimant, without_claims};
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Client, Resource as _, ResourceExt as _, core::PartialObjectMeta, runtime::controller::Action,
};
use set_status::StatusPart;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use tracing::warn;

/// What every pass needs.
pub struct Context {
    pub client: Client,
    pub definition: Guard,
    pub installation: Installation,
    pub deleted_stacks: DeletedStacks,
    pub events: Events,
    pub apply_cache: ApplyCache,
    pub stores: Stores,
    pub slots: Slots,
    pub attempts: Attempts,
    pub url_checks: UrlChecks,
    pub audit_reads: audits::Reads,
    /// The address of the ingress controller, if it is not the one in the Ingress's status.
    pub ingress_address: Option<String>,
    pub role: PostgresRole,
    pub policy: Policy,
    /// How often a ready stack is reconciled without a change.
    pub resync: Duration,
}

type Outcome = Result<Report, StepError>;

/// Why a pass ended without a status.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("cannot determine which installation owns the stack")]
    Claim(#[source] LeaseError),
    #[error("cannot write the status")]
    Status(#[source] kube::Error),
    #[error("another client changed the status in the meantime")]
    Raced,
    #[error("the API server did not respond in time when {0}")]
    Overdue(&'static str),
}

/// Many times the duration of a pass.
const LONGEST_PASS: Duration = Duration::from_mins(1);
/// The deadline of the requests before a pass, and of the status after it: kube's client retries a request for five
/// minutes, and a slot is occupied meanwhile.
const LONGEST_REQUEST: Duration = Duration::from_secs(15);

pub async fn reconcile(
    stack: Arc<PartialObjectMeta<EcommerceStack>>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let key = key_of(&*stack);
    let _turn = context.deleted_stacks.locks.lock(&key).await;
    // Any write, even of the status, would remove the fields that the CRD has lost.
    if context.definition.holds_back().await {
        return Ok(context.requeue(&key, Reason::HeldBack));
    }
    let is_answered = context.deleted_stacks.stacks.is_answered(&key);
    let Some(_slot) = context.slots.take(is_answered).await else {
        return Ok(Action::await_change()); // the process ends
    };
    let read = fetch_stack(&context.client, &key.0, &key.1);
    let Some(found) = in_time("reading the stack", read).await?? else {
        context.forget(&key);
        return Ok(Action::await_change());
    };
    let Found {
        mut metadata,
        status: before,
        stack,
    } = found;
    if metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change()); // OPERATOR 3: garbage collection does the rest
    }
    let claim = context.claim(&key, &mut metadata, before.as_ref());
    let claimed = in_time("claiming the stack", claim).await?;
    if let Some(leave) = claimed.map_err(ReconcileError::Claim)? {
        return Ok(leave);
    }
    let before = without_claims(before);
    let stack = stack.map(|mut stack| {
        stack.status = without_claims(stack.status.take());
        stack
    });
    let status_of = |outcome: &Outcome| {
        let now = Timestamp::now();
        status(before.as_ref(), metadata.generation, now, outcome)
    };
    let is_idle = |outcome: &Outcome| {
        let wrote = outcome.as_ref().map_or(true, |report| report.applied.wrote);
        !wrote && before.as_ref() == Some(&status_of(outcome))
    };
    let outcome = match stack {
        // A request that is never answered must not keep a stack from its next pass.
        Ok(stack) => {
            let pass = pass(&context, &key, stack, is_idle);
            timeout(LONGEST_PASS, Box::pin(pass))
                .await
                .unwrap_or(Err(StepError::Overdue))
        }
        Err(unreadable) => Err(unreadable.into()),
    };
    if let Err(error) = &outcome {
        warn!(stack.namespace = key.0, stack.name = key.1, error = %telemetry::chain(error), "reconcile ended early");
    }
    let new = status_of(&outcome);
    let part = match &outcome {
        Err(StepError::Unreadable(_)) => StatusPart::Conditions,
        Ok(_) | Err(_) => StatusPart::All,
    };
    context
        .set_status(metadata, before.as_ref(), &new, part)
        .await?;
    Ok(context.next(&key, &outcome, before.as_ref(), &new))
}

/// Reads the children from the stores if the stack was idle and still is, and from lists otherwise. A result from stale
/// stores is dropped, and nothing is written then. What is not watched is read once for both.
async fn pass(
    context: &Context,
    key: &StackKey,
    stack: EcommerceStack,
    is_idle: impl Fn(&Outcome) -> bool,
) -> Outcome {
    let began = Instant::now();
    let unwatched = fetch_unwatched(&context.client, &stack).await?;
    if let Some(Idle { children, listed }) = context.stores.begin(key, began) {
        let pass = steps(context, stack.clone(), unwatched.clone(), Some(&children));
        let outcome = Box::pin(pass).await;
        if is_idle(&outcome) {
            context.stores.mark_idle(key, listed);
            return outcome;
        }
    }
    let outcome = Box::pin(steps(context, stack, unwatched, None)).await;
    if is_idle(&outcome) {
        context.stores.mark_idle(key, began);
    }
    outcome
}

async fn steps(
    context: &Context,
    stack: EcommerceStack,
    unwatched: Unwatched,
    children: Option<&Children>,
) -> Outcome {
    let fetched = fetch(&context.client, stack, unwatched, children).await?;
    if fetched.namespace_terminating {
        let namespace = fetched.stack.namespace().unwrap_or_default();
        return Err(StepError::NamespaceTerminating(namespace));
    }
    let mut stack = validate(&fetched.stack)?;
    stack.operator = context.installation.own().map(str::to_owned);
    context.policy.check(&stack)?;
    let predecessors = predecessors(&stack, &fetched);
    // Whether their data are gone cannot be decided from stale stores.
    if fetched.live.may_be_stale && !predecessors.is_empty() {
        return Err(ApplyError::Stale.into());
    }
    if context.deleted_stacks.block(&stack, &predecessors) {
        return Err(StepError::RemovingOldData(stack.name));
    }
    adoption::check(&stack, &fetched)?;
    let credentials = complete(
        &stack,
        &fetched.secrets,
        fetched.has_administrator(),
        &mut OperatingSystem,
    )?;
    let releases = decide(&stack, &fetched, &credentials);
    let stacks = context.deleted_stacks.stacks.existing();
    let created = fetched.stack.creation_timestamp().map(|time| time.0);
    let foreseen = foreseen(&stack, created, &stacks, fetched.ingress_classes.as_ref());
    let mut desired = build(&stack, &fetched, &credentials, &releases, &context.role);
    if let Some(Routing::HostTaken(_)) = foreseen {
        desired.ingresses.clear();
    }
    let mut written = Vec::new();
    let applied = apply(
        &context.client,
        &context.apply_cache,
        &stack,
        &fetched.live,
        desired,
        &mut written,
    )
    .await;
    // Also if the pass ended after that write.
    if written.contains(&Credential::SigningKeys)
        && let Some(replaced) = keys_replaced(&stack, &fetched, &credentials)
    {
        let reference = fetched.stack.object_ref(&());
        context.events.publish_finding(&reference, &replaced).await;
    }
    let applied = applied?;
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
        None => context.check_url(&report, &credentials).await,
    };
    Ok(report)
}

impl Context {
    /// When to reconcile a stack of another installation again; `None` if the stack is ours.
    async fn claim(
        &self,
        key: &StackKey,
        metadata: &mut ObjectMeta,
        status: Option<&EcommerceStackStatus>,
    ) -> Result<Option<Action>, LeaseError> {
        let mut claimant = Claimant {
            installation: &self.installation,
            events: &self.events,
            metadata,
            status,
        };
        let reason = match claimant.claim().await? {
            Claim::Ours => return Ok(None),
            Claim::Elsewhere => Reason::Elsewhere,
            Claim::Undecided => Reason::Undecided,
        };
        // By the time the stack is ours again, another installation may have changed what was applied.
        self.apply_cache.forget(key);
        Ok(Some(self.requeue(key, reason)))
    }

    /// Whether the shop's URL leads to the shop.
    async fn check_url(&self, report: &Report, credentials: &Credentials) -> Routing {
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
            signing_key: signing_key.to_owned(),
            address: self.ingress_address.clone(),
        };
        check_url(&self.client, &self.url_checks, &target).await
    }

    fn next(
        &self,
        key: &StackKey,
        outcome: &Outcome,
        before: Option<&EcommerceStackStatus>,
        new: &EcommerceStackStatus,
    ) -> Action {
        if before.is_none_or(|before| is_news(before, new)) {
            self.attempts.forget(key);
        }
        let reason = match outcome {
            Err(StepError::Apply(ApplyError::Raced { .. }) | StepError::RemovingOldData(_)) => {
                Reason::Passing
            }
            Err(_) => Reason::Failed,
            Ok(_) if !is_true(&new.conditions, ConditionType::Ready) => Reason::Unready,
            Ok(report) if !report.audits.are_settled() => Reason::Unsettled,
            Ok(_) => Reason::Settled,
        };
        self.requeue(key, reason)
    }

    /// Called after every pass.
    fn requeue(&self, key: &StackKey, reason: Reason) -> Action {
        metrics::counter!("ecommercestack_operator_passes_total", "reason" => <&str>::from(reason))
            .increment(1);
        Action::requeue(reason.wait(&self.attempts, key, self.resync))
    }

    /// Called after a stack was deleted.
    pub fn forget(&self, key: &StackKey) {
        self.apply_cache.forget(key);
        self.stores.forget(key);
        self.url_checks.remove(key);
        self.audit_reads.remove(key);
        self.attempts.forget(key);
    }
}

/// Whether a pass changed more than the wording of conditions.
fn is_news(before: &EcommerceStackStatus, new: &EcommerceStackStatus) -> bool {
    let said = |status: &EcommerceStackStatus| -> Vec<_> {
        let conditions = status.conditions.iter();
        conditions
            .map(|condition| (condition.status.clone(), condition.reason.clone()))
            .collect()
    };
    before.components != new.components || said(before) != said(new)
}

/// Called after errors that prevented the status write.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is the Controller's"
)]
pub fn on_error(
    stack: Arc<PartialObjectMeta<EcommerceStack>>,
    error: &ReconcileError,
    context: Arc<Context>,
) -> Action {
    let key = key_of(&*stack);
    warn!(stack.namespace = key.0, stack.name = key.1, error = %telemetry::chain(error), "reconcile failed");
    context.requeue(&key, Reason::Unreported)
}

async fn in_time<T>(
    step: &'static str,
    request: impl Future<Output = T>,
) -> Result<T, ReconcileError> {
    let answered = timeout(LONGEST_REQUEST, request).await;
    answered.map_err(|_| ReconcileError::Overdue(step))
}
