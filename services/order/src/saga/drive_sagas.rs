//! One round of the sagas: take what is due, do one action for each, write what came of it (ORDERS 3, 5, 19).
//! Two rounds at once, or one round twice, do no harm: leases, stable keys and product's idempotence see to it.

use std::time::Duration;

use clock::{Ids, Jitter};
use tracing::{debug, error, info, warn};
use worker::Panicked;

use super::{
    model::{
        Action, Impossible, Lane, PayWindow, Postponement, Progress, ReleaseOutcome, Settled,
        Settlement, Turn,
    },
    plan::Plan,
    ports::{Sagas, SagasError},
};
use crate::{
    checkout::ports::{Misfit, Reservations, ReservationsError},
    fail_point::{FailPoint, between},
    orders::model::CancelReason,
    payments::ports::PaymentProvider,
    values::{Backoff, EventType, OrderId, RefundId},
};

/// What the loops are called.
pub(super) const TASK: &str = "saga_loop";
/// Sagas that one round takes; product takes no more at once.
pub(super) const BATCH: usize = 128;
/// Longer than a call and a transaction may last.
pub(super) const LEASE: Duration = Duration::from_secs(10);
/// How much longer than its order may be paid a hold lasts, so that a payment that began in time finds it.
const MARGIN: Duration = Duration::from_mins(2);
const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(30),
};

#[derive(Clone)]
pub struct DriveSagas<R, S, P> {
    pub reservations: R,
    pub sagas: S,
    pub provider: P,
    pub ids: Ids,
    pub jitter: Jitter,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Driven {
    pub taken: usize,
    pub settled: usize,
    /// The round was full, or what it settled is due again at once.
    pub more: bool,
    /// The other lane has something to do now.
    pub passed_on: bool,
}

impl Driven {
    pub(super) fn add(&mut self, more: Self) {
        self.taken += more.taken;
        self.settled += more.settled;
        self.more |= more.more;
        self.passed_on |= more.passed_on;
    }

    fn sum(parts: impl IntoIterator<Item = Result<Self, SagasError>>) -> Result<Self, SagasError> {
        let mut sum = Self::default();
        for part in parts {
            sum.add(part?);
        }
        Ok(sum)
    }
}

/// What one action came to.
pub(super) type Outcome = Result<Progress, Postponement>;

impl<R: Reservations + Clone, S: Sagas + Clone, P: PaymentProvider + Clone> DriveSagas<R, S, P> {
    pub async fn run(&self, lane: Lane) -> Result<Driven, SagasError> {
        self.run_until(lane, || false).await
    }

    /// One round: of stock what is due once, of money whatever is due until it is `ending`.
    pub async fn run_until(
        &self,
        lane: Lane,
        ending: impl Fn() -> bool,
    ) -> Result<Driven, SagasError> {
        match lane {
            Lane::Stock => {
                let turns = self.sagas.take(lane, BATCH, LEASE).await?;
                if turns.is_empty() {
                    return Ok(Driven::default());
                }
                self.carry_on(turns).await
            }
            Lane::Money => self.ask_all(ending).await,
        }
    }

    /// One action of the lane of stock for each of these.
    pub async fn carry_on(&self, turns: Vec<Turn>) -> Result<Driven, SagasError> {
        let carried = self.apart(
            &turns,
            |turns| self.carry_on_together(turns),
            |turn, panicked| self.panicked(turn, panicked),
        );
        let mut driven = carried.await?;
        driven.taken += turns.len();
        driven.more |= turns.len() == BATCH;
        Ok(driven)
    }

    async fn carry_on_together(&self, turns: &[Turn]) -> Result<Driven, SagasError> {
        let plan = Plan::of(turns);
        let lane = Lane::Stock;
        // One group's trouble is not the others'; each writes as soon as it knows.
        let groups = tokio::join!(
            self.settle(lane, self.commit(plan.commits)),
            self.settle(lane, self.extend(plan.extends)),
            self.settle(lane, self.release(plan.releases)),
            self.settle(lane, self.write(plan.writes)),
        );
        Driven::sum([groups.0, groups.1, groups.2, groups.3])
    }

    /// Handles a batch together. An item that panics waits for as long as one that failed, and the others go on.
    async fn apart<'a, T, F: Future<Output = Result<Driven, SagasError>>>(
        &self,
        batch: &'a [T],
        handle: impl Fn(&'a [T]) -> F,
        later: impl Fn(&T, &Panicked) -> Postponement,
    ) -> Result<Driven, SagasError> {
        let (parts, panicked) = worker::isolating(TASK, batch, handle).await;
        let postponed: Vec<Postponement> = panicked
            .iter()
            .map(|(item, panicked)| later(item, panicked))
            .collect();
        if !postponed.is_empty() {
            self.sagas.postpone(&postponed).await?;
        }
        Driven::sum(parts)
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Outcome> {
        if turns.is_empty() {
            return Vec::new();
        }
        let (before, after) = (FailPoint::BeforeCommitHold, FailPoint::AfterCommitHold);
        match between(before, after, self.reservations.commit(&orders(&turns))).await {
            Ok(outcomes) => self.each(turns, outcomes, Progress::committed),
            Err(error) => self.none(&turns, &error),
        }
    }

    async fn extend(&self, turns: Vec<Turn>) -> Vec<Outcome> {
        if turns.is_empty() {
            return Vec::new();
        }
        let length = |turn: &Turn| match turn.facts.window {
            PayWindow::Open { left, .. } => left + MARGIN,
            PayWindow::Free | PayWindow::Over | PayWindow::LongOver => MARGIN,
        };
        let holds: Vec<(OrderId, Duration)> = turns
            .iter()
            .map(|turn| (turn.lease.id, length(turn)))
            .collect();
        let (before, after) = (FailPoint::BeforeExtendHold, FailPoint::AfterExtendHold);
        match between(before, after, self.reservations.extend(&holds)).await {
            Ok(outcomes) => {
                let outcomes = outcomes
                    .into_iter()
                    .zip(holds)
                    .map(|(outcome, (_, length))| outcome.map(|outcome| (outcome, length)))
                    .collect();
                self.each(turns, outcomes, |progress, (outcome, length)| {
                    progress.extended(outcome, length)
                })
            }
            Err(error) => self.none(&turns, &error),
        }
    }

    async fn release(&self, turns: Vec<(Turn, CancelReason)>) -> Vec<Outcome> {
        if turns.is_empty() {
            return Vec::new();
        }
        let (turns, reasons): (Vec<Turn>, Vec<CancelReason>) = turns.into_iter().unzip();
        let (before, after) = (FailPoint::BeforeReleaseHold, FailPoint::AfterReleaseHold);
        let released = between(before, after, self.reservations.release(&orders(&turns))).await;
        let outcomes = match released {
            Ok(outcomes) => outcomes,
            Err(error) => return self.none(&turns, &error),
        };
        turns
            .into_iter()
            .zip(reasons)
            .zip(outcomes)
            .map(|((turn, reason), outcome)| match outcome {
                Ok(ReleaseOutcome::Released) => {
                    self.progress(&turn, |progress| progress.released(reason))
                }
                // Only a product of the release before, which cannot give back what is committed.
                Ok(ReleaseOutcome::Committed) => {
                    Err(self.postponement(&turn, "product returned nothing to stock".to_owned()))
                }
                Err(misfit) => Err(self.misfit(&turn, &misfit)),
            })
            .collect()
    }

    #[expect(
        clippy::unused_async,
        reason = "one group of several, and the others call"
    )]
    async fn write(&self, turns: Vec<(Turn, Action)>) -> Vec<Outcome> {
        let written = |(turn, action)| self.written(&turn, action);
        turns.into_iter().map(written).collect()
    }

    pub(super) fn written(&self, turn: &Turn, action: Action) -> Outcome {
        self.progress(turn, |progress| match action {
            Action::Confirm => progress.confirm(),
            Action::Cancel(reason) => progress.cancel(reason),
            Action::RefuseCancellation => Ok(progress.refuse_cancellation()),
            Action::Decide(decision) => progress.decide(decision),
            Action::RequestRefund { minor } => {
                progress.request_refund(RefundId(self.ids.uuid()), minor)
            }
            Action::RefundShortfall { minor } => {
                progress.refund_shortfall(RefundId(self.ids.uuid()), minor)
            }
            // What belongs to the other lane is only passed on to it; what waits or ends is written as that.
            Action::ExtendHold
            | Action::CommitHold
            | Action::ReleaseHold(_)
            | Action::Authorise
            | Action::Capture
            | Action::Void
            | Action::Refund
            | Action::WaitForPayment
            | Action::WaitForParcel
            | Action::Finish => Ok(progress),
        })
    }

    pub(super) async fn settle(
        &self,
        lane: Lane,
        outcomes: impl Future<Output = Vec<Outcome>>,
    ) -> Result<Driven, SagasError> {
        let outcomes = outcomes.await;
        self.apart(
            &outcomes,
            |outcomes| self.settle_together(lane, outcomes),
            |outcome, panicked| match outcome {
                Ok(progress) => self.panicked(progress.turn(), panicked),
                Err(postponement) => postponement.clone(),
            },
        )
        .await
    }

    async fn settle_together(
        &self,
        lane: Lane,
        outcomes: &[Outcome],
    ) -> Result<Driven, SagasError> {
        let (mut settlements, mut postponed) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome.clone() {
                Ok(progress) => settlements.push(progress.settlement()),
                Err(postponement) => postponed.push(postponement),
            }
        }
        if !postponed.is_empty() {
            self.sagas.postpone(&postponed).await?;
        }
        let results = self.sagas.settle(&settlements).await?;
        let mut driven = Driven::default();
        for (settlement, result) in settlements.iter().zip(results) {
            match result {
                Settled::Written => {
                    driven.settled += 1;
                    let due = settlement.next.due_in();
                    driven.more |= due == Some(lane);
                    driven.passed_on |= due.is_some_and(|due| due != lane);
                    report(settlement);
                }
                Settled::LeaseLost => {
                    warn!(order.id = %settlement.lease.id, "another worker has claimed this saga");
                }
                Settled::OrderChanged => {
                    driven.more = true;
                    info!(order.id = %settlement.lease.id, "the order has changed meanwhile; its saga continues");
                }
            }
        }
        Ok(driven)
    }

    fn each<O>(
        &self,
        turns: Vec<Turn>,
        outcomes: Vec<Result<O, Misfit>>,
        apply: impl Fn(Progress, O) -> Result<Progress, Impossible>,
    ) -> Vec<Outcome> {
        turns
            .into_iter()
            .zip(outcomes)
            .map(|(turn, outcome)| match outcome {
                Ok(outcome) => self.progress(&turn, |progress| apply(progress, outcome)),
                Err(misfit) => Err(self.misfit(&turn, &misfit)),
            })
            .collect()
    }

    /// One entry of product's answer cannot be read: its saga waits, the others go on.
    fn misfit(&self, turn: &Turn, misfit: &Misfit) -> Postponement {
        error!(
            order.id = %turn.lease.id,
            error = misfit as &dyn std::error::Error,
            "postponed a saga because of an invalid response"
        );
        self.postponement(turn, telemetry::chain(misfit))
    }

    fn progress(
        &self,
        turn: &Turn,
        apply: impl FnOnce(Progress) -> Result<Progress, Impossible>,
    ) -> Outcome {
        apply(Progress::of(turn.clone())).map_err(|impossible| {
            error!(
                order.id = %turn.lease.id,
                error = &impossible as &dyn std::error::Error,
                "saga needs manual intervention"
            );
            self.postponement(turn, impossible.to_string())
        })
    }

    /// Nothing of a batch is known.
    fn none(&self, turns: &[Turn], error: &ReservationsError) -> Vec<Outcome> {
        warn!(
            sagas = turns.len(),
            error = error as &dyn std::error::Error,
            "postponed sagas"
        );
        let reason = telemetry::chain(error);
        turns
            .iter()
            .map(|turn| Err(self.postponement(turn, reason.clone())))
            .collect()
    }
}

impl<R, S, P> DriveSagas<R, S, P> {
    /// A panic is this saga's trouble alone.
    pub(super) fn panicked(&self, turn: &Turn, panicked: &Panicked) -> Postponement {
        error!(
            order.id = %turn.lease.id,
            error = panicked as &dyn std::error::Error,
            "postponed a saga"
        );
        self.postponement(turn, panicked.to_string())
    }

    pub(super) fn postponement(&self, turn: &Turn, reason: String) -> Postponement {
        Postponement {
            lease: turn.lease,
            pause: self.pause(turn),
            reason,
        }
    }

    pub(super) fn pause(&self, turn: &Turn) -> Duration {
        RETRIES.pause(turn.attempts, self.jitter)
    }
}

fn orders(turns: &[Turn]) -> Vec<OrderId> {
    turns.iter().map(|turn| turn.lease.id).collect()
}

fn report(settlement: &Settlement) {
    let id = settlement.lease.id;
    for change in &settlement.changes {
        let status = change.state.status.as_str();
        match change.event {
            EventType::OrderConfirmed => {
                metrics::counter!("ecommercestack_orders_total", "status" => status).increment(1);
                debug!(order.id = %id, "confirmed order");
            }
            EventType::OrderCancelled | EventType::OrderExpired | EventType::OrderShortfall => {
                metrics::counter!("ecommercestack_orders_total", "status" => status).increment(1);
                warn!(order.id = %id, event = change.event.as_str(), "cancelled order");
            }
            event => {
                metrics::counter!("ecommercestack_order_payment_events_total", "event" => event.as_str())
                    .increment(1);
                info!(order.id = %id, event = event.as_str(), "advanced order");
            }
        }
    }
}
