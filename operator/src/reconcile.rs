//! One pass over one stack, as a table of contents: fetch, validate, build, apply, status. Where the stores show that
//! there is nothing to do, that is the pass.

mod claim;
mod set_status;

use crate::{
    apply::{ApplyError, apply},
    build::build,
    chain::chain,
    credentials::{Credential, Credentials, complete},
    database::{adoption, departures::Departures, rbac::PostgresRole, retention::predecessors},
    fetch::{Found, Unwatched, fetch, fetch_stack, fetch_unwatched},
    kube::{
        apply_cache::ApplyCache,
        installation::Installation,
        lease::LeaseError,
        live::FetchError,
        per_stack::StackKey,
        skew::Guard,
        stores::{AtRest, Children, Stores},
    },
    network::routing::{Looks, Routing, Target, foreseen, look},
    pace::{Reason, backoff::Attempts, places::Places},
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
use claim::{Claim, claim, without_claims};
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
    pub departures: Departures,
    pub events: Events,
    pub apply_cache: ApplyCache,
    pub stores: Stores,
    pub places: Places,
    pub attempts: Attempts,
    pub looks: Looks,
    pub audit_reads: audits::Reads,
    /// Where the ingress controller is reached, if not where the Ingress's status says.
    pub ingress_address: Option<String>,
    pub role: PostgresRole,
    pub policy: Policy,
    /// How often a stack that is ready is looked at without cause.
    pub resync: Duration,
}

type Outcome = Result<Report, StepError>;

/// What keeps a pass from ending in a status.
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

/// Many times what a pass takes.
const LONGEST_PASS: Duration = Duration::from_mins(1);
/// The same for what comes before a pass, and for the status after it: kube's client repeats a request for five minutes,
/// and meanwhile a place is taken.
const LONGEST_REQUEST: Duration = Duration::from_secs(15);

pub async fn reconcile(
    stack: Arc<PartialObjectMeta<EcommerceStack>>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let key = stack_key(&stack);
    let _turn = context.departures.locks.lock(&key).await;
    // Any write, a status too, would take away what the definition has lost.
    if context.definition.holds_back().await {
        return Ok(context.look_again(&key, Reason::HeldBack));
    }
    let is_answered = context.departures.stacks.is_answered(&key);
    let Some(_place) = context.places.take(is_answered).await else {
        return Ok(Action::await_change()); // the process ends
    };
    let found = in_time(
        "reading the stack",
        fetch_stack(&context.client, &key.0, &key.1),
    )
    .await?;
    let Some(found) = found? else {
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
    let claim = in_time(
        "claiming the stack",
        context.claim(&key, &mut metadata, before.as_ref()),
    )
    .await?;
    if let Some(leave) = claim.map_err(ReconcileError::Claim)? {
        return Ok(leave);
    }
    let before = without_claims(before);
    let stack = stack.map(|mut stack| {
        stack.status = without_claims(stack.status.take());
        stack
    });
    let tell = |outcome: &Outcome| {
        let now = Timestamp::now();
        status(before.as_ref(), metadata.generation, now, outcome)
    };
    let is_at_rest = |outcome: &Outcome| {
        let wrote = outcome.as_ref().map_or(true, |report| report.applied.wrote);
        !wrote && before.as_ref() == Some(&tell(outcome))
    };
    let outcome = match stack {
        // A request that is never answered must not keep a stack from its next pass.
        Ok(stack) => {
            let pass = pass(&context, &key, stack, is_at_rest);
            timeout(LONGEST_PASS, Box::pin(pass))
                .await
                .unwrap_or(Err(StepError::Overdue))
        }
        Err(unreadable) => Err(unreadable.into()),
    };
    if let Err(error) = &outcome {
        warn!(stack.namespace = key.0, stack.name = key.1, error = %chain(error), "reconcile ended early");
    }
    let new = tell(&outcome);
    let part = match &outcome {
        Err(StepError::Unreadable(_)) => StatusPart::Conditions,
        Ok(_) | Err(_) => StatusPart::All,
    };
    context
        .set_status(metadata, before.as_ref(), &new, part)
        .await?;
    Ok(context.next(&key, &outcome, before.as_ref(), &new))
}

/// Over the stores, if the stack was at rest and is still; else over lists. What comes of stores that are late is
/// dropped with nothing written. What is not watched is read once for both.
async fn pass(
    context: &Context,
    key: &StackKey,
    stack: EcommerceStack,
    is_at_rest: impl Fn(&Outcome) -> bool,
) -> Outcome {
    let began = Instant::now();
    let unwatched = fetch_unwatched(&context.client, &stack).await?;
    if let Some(AtRest { children, listed }) = context.stores.begin(key, began) {
        let pass = steps(context, stack.clone(), unwatched.clone(), Some(&children));
        let outcome = Box::pin(pass).await;
        if is_at_rest(&outcome) {
            context.stores.rests(key, listed);
            return outcome;
        }
    }
    let outcome = Box::pin(steps(context, stack, unwatched, None)).await;
    if is_at_rest(&outcome) {
        context.stores.rests(key, began);
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
    // Whether they have left is not told from what may be late.
    if fetched.live.may_be_late && !predecessors.is_empty() {
        return Err(ApplyError::Late.into());
    }
    if context.departures.block(&stack, &predecessors) {
        return Err(StepError::PredecessorLeaving(stack.name));
    }
    adoption::check(&stack, &fetched)?;
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
    // Also where the pass ended after that write.
    if written.contains(&Credential::SigningKeys)
        && let Some(replaced) = keys_replaced(&stack, &fetched, &credentials)
    {
        let reference = fetched.stack.object_ref(&());
        context.events.tell(&reference, &replaced).await;
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
        None => context.look(&report, &credentials).await,
    };
    Ok(report)
}

impl Context {
    /// When to look again at a stack that is another installation's; nothing if it is ours.
    async fn claim(
        &self,
        key: &StackKey,
        metadata: &mut ObjectMeta,
        status: Option<&EcommerceStackStatus>,
    ) -> Result<Option<Action>, LeaseError> {
        let claim = claim(&self.installation, &self.events, metadata, status);
        let reason = match claim.await? {
            Claim::Ours => return Ok(None),
            Claim::Elsewhere => Reason::Elsewhere,
            Claim::Undecided => Reason::Undecided,
        };
        // What was applied before may be another one's work by the time it is ours again.
        self.apply_cache.forget(key);
        Ok(Some(self.look_again(key, reason)))
    }

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
            Err(StepError::Apply(ApplyError::Raced { .. }) | StepError::PredecessorLeaving(_)) => {
                Reason::Passing
            }
            Err(_) => Reason::Failed,
            Ok(_) if !is_true(&new.conditions, ConditionType::Ready) => Reason::Unready,
            Ok(report) if !report.audits.are_settled() => Reason::Unsettled,
            Ok(_) => Reason::Settled,
        };
        self.look_again(key, reason)
    }

    /// After every pass.
    fn look_again(&self, key: &StackKey, reason: Reason) -> Action {
        metrics::counter!("ecommercestack_operator_passes_total", "reason" => <&str>::from(reason))
            .increment(1);
        Action::requeue(reason.wait(&self.attempts, key, self.resync))
    }

    /// After a stack is gone.
    pub fn forget(&self, key: &StackKey) {
        self.apply_cache.forget(key);
        self.stores.forget(key);
        self.looks.remove(key);
        self.audit_reads.remove(key);
        self.attempts.forget(key);
    }
}

/// Whether anything came of a pass but other words.
fn is_news(before: &EcommerceStackStatus, new: &EcommerceStackStatus) -> bool {
    let said = |status: &EcommerceStackStatus| -> Vec<_> {
        let conditions = status.conditions.iter();
        conditions
            .map(|condition| (condition.status.clone(), condition.reason.clone()))
            .collect()
    };
    before.components != new.components || said(before) != said(new)
}

/// Errors after which not even a status was written.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is the Controller's"
)]
pub fn on_error(
    stack: Arc<PartialObjectMeta<EcommerceStack>>,
    error: &ReconcileError,
    context: Arc<Context>,
) -> Action {
    let key = stack_key(&stack);
    warn!(stack.namespace = key.0, stack.name = key.1, error = %chain(error), "reconcile failed");
    context.look_again(&key, Reason::Unreported)
}

async fn in_time<T>(
    step: &'static str,
    request: impl Future<Output = T>,
) -> Result<T, ReconcileError> {
    let answered = timeout(LONGEST_REQUEST, request).await;
    answered.map_err(|_| ReconcileError::Overdue(step))
}

fn stack_key(stack: &PartialObjectMeta<EcommerceStack>) -> StackKey {
    (stack.namespace().unwrap_or_default(), stack.name_any())
}
