//! One round of the sagas: it takes those that are due, takes one action for each, and writes the results (ORDERS 3, 5, 19).
//! Concurrent or repeated rounds do no harm, because of leases, stable keys and product's idempotence.

use std::time::Duration;

use clock::{Ids, Jitter};
use tracing::{debug, error, info, warn};
use worker::Panicked;

use super::{
    model::{
        Action, Impossible, Postponement, Progress, Queue, ReleaseOutcome, Settled, Settlement,
        Turn,
    },
    plan::{Group, Plan},
    ports::{Sagas, SagasError},
};
use crate::{
    checkout::ports::{Misfit, Reservations, ReservationsError},
    fail_point::{FailPoint, between},
    orders::model::CancelReason,
    payments::ports::PaymentProvider,
    values::{EventType, OrderId, RefundId},
};

/// The name of the loops, for metrics.
pub(super) const TASK: &str = "saga_loop";
/// Sagas that one round takes at most; product accepts no more in one call.
pub(super) const BATCH: usize = 128;
/// Longer than a call and a transaction together.
pub(super) const LEASE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct DriveSagas<R, S, P> {
    pub reservations: R,
    pub sagas: S,
    pub provider: P,
    pub ids: Ids,
    pub jitter: Jitter,
}

/// The result of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Driven {
    pub taken: usize,
    pub settled: usize,
    /// The round was full, or some of its sagas are due again at once.
    pub more: bool,
    /// Sagas are due in the other queue.
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

/// The result of one action.
pub(super) type Outcome = Result<Progress, Postponement>;

impl<R: Reservations + Clone, S: Sagas + Clone, P: PaymentProvider + Clone> DriveSagas<R, S, P> {
    /// One round: a batch of the stock queue, or of the money queue whatever becomes due until it is `ending`.
    pub async fn run(&self, queue: Queue, ending: impl Fn() -> bool) -> Result<Driven, SagasError> {
        match queue {
            Queue::Stock => {
                let turns = self.sagas.take(queue, BATCH, LEASE).await?;
                if turns.is_empty() {
                    return Ok(Driven::default());
                }
                self.carry_on(&turns).await
            }
            Queue::Money => self.ask_all(ending).await,
        }
    }

    /// Takes one action of the stock queue for each of these.
    pub(super) async fn carry_on(&self, turns: &[Turn]) -> Result<Driven, SagasError> {
        let carried = self.apart(
            turns,
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
        let queue = Queue::Stock;
        let written = async {
            let writes = plan.writes.iter();
            writes
                .map(|(turn, action)| self.written(turn, *action))
                .collect()
        };
        // The groups do not share their failures; each writes as soon as its call is answered.
        let groups = tokio::join!(
            self.settle(queue, self.commit(&plan.commits)),
            self.settle(queue, self.extend(&plan.extends)),
            self.settle(queue, self.release(&plan.releases)),
            self.settle(queue, written),
        );
        Driven::sum([groups.0, groups.1, groups.2, groups.3])
    }

    /// Handles a batch together. An item that panics is postponed like one that failed, and does not affect the others.
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
        self.sagas.postpone(&postponed).await?;
        Driven::sum(parts)
    }

    async fn commit(&self, group: &Group<'_, ()>) -> Vec<Outcome> {
        let orders = orders(group);
        let points = (FailPoint::BeforeCommitHold, FailPoint::AfterCommitHold);
        let call = self.reservations.commit(&orders);
        self.ask_product(group, points, call, |turn, (), outcome| {
            self.progress(turn, |progress| progress.committed(outcome))
        })
        .await
    }

    async fn extend(&self, group: &Group<'_, Duration>) -> Vec<Outcome> {
        let holds = group.iter().map(|(turn, length)| (turn.lease.id, *length));
        let holds: Vec<(OrderId, Duration)> = holds.collect();
        let points = (FailPoint::BeforeExtendHold, FailPoint::AfterExtendHold);
        let call = self.reservations.extend(&holds);
        self.ask_product(group, points, call, |turn, length, outcome| {
            self.progress(turn, |progress| progress.extended(outcome, length))
        })
        .await
    }

    async fn release(&self, group: &Group<'_, CancelReason>) -> Vec<Outcome> {
        let orders = orders(group);
        let points = (FailPoint::BeforeReleaseHold, FailPoint::AfterReleaseHold);
        let call = self.reservations.release(&orders);
        self.ask_product(group, points, call, |turn, reason, outcome| match outcome {
            ReleaseOutcome::Released => self.progress(turn, |progress| progress.released(reason)),
            // Only a product of the release before, which cannot give back what is committed.
            ReleaseOutcome::Committed => {
                let reason = "product returned nothing to stock".to_owned();
                Err(turn.postponed(self.jitter, reason))
            }
        })
        .await
    }

    /// A call to product between its fail points, and the results of its outcomes.
    async fn ask_product<D: Copy, O>(
        &self,
        group: &Group<'_, D>,
        (before, after): (FailPoint, FailPoint),
        call: impl Future<Output = Result<Vec<Result<O, Misfit>>, ReservationsError>>,
        result: impl Fn(&Turn, D, O) -> Outcome,
    ) -> Vec<Outcome> {
        if group.is_empty() {
            return Vec::new();
        }
        match between(before, after, call).await {
            Ok(outcomes) => group
                .iter()
                .zip(outcomes)
                .map(|((turn, details), outcome)| match outcome {
                    Ok(outcome) => result(turn, *details, outcome),
                    Err(misfit) => Err(self.misfit(turn, &misfit)),
                })
                .collect(),
            // Nothing of the batch is known.
            Err(error) => {
                warn!(
                    sagas = group.len(),
                    error = &error as &dyn std::error::Error,
                    "postponed sagas"
                );
                let reason = telemetry::chain(&error);
                let later =
                    |(turn, _): &(&Turn, D)| Err(turn.postponed(self.jitter, reason.clone()));
                group.iter().map(later).collect()
            }
        }
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
            // An action of the other queue is only passed on to it; waiting and finishing are written as such.
            Action::ExtendHold
            | Action::CommitHold
            | Action::ReleaseHold(_)
            | Action::Authorise
            | Action::Capture
            | Action::Void
            | Action::Refund
            | Action::WaitForPayment
            | Action::WaitForShipment
            | Action::Finish => Ok(progress),
        })
    }

    pub(super) async fn settle(
        &self,
        queue: Queue,
        outcomes: impl Future<Output = Vec<Outcome>>,
    ) -> Result<Driven, SagasError> {
        let outcomes = outcomes.await;
        self.apart(
            &outcomes,
            |outcomes| self.settle_together(queue, outcomes),
            |outcome, panicked| match outcome {
                Ok(progress) => self.panicked(progress.turn(), panicked),
                Err(postponement) => postponement.clone(),
            },
        )
        .await
    }

    async fn settle_together(
        &self,
        queue: Queue,
        outcomes: &[Outcome],
    ) -> Result<Driven, SagasError> {
        let (mut settlements, mut postponed) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Ok(progress) => settlements.push(progress.settlement()),
                Err(postponement) => postponed.push(postponement.clone()),
            }
        }
        self.sagas.postpone(&postponed).await?;
        let results = self.sagas.settle(&settlements).await?;
        let mut driven = Driven::default();
        for (settlement, result) in settlements.iter().zip(results) {
            match result {
                Settled::Written => {
                    driven.settled += 1;
                    let due = settlement.next.due_in();
                    driven.more |= due == Some(queue);
                    driven.passed_on |= due.is_some_and(|due| due != queue);
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

    /// One entry of product's answer cannot be read: its saga is postponed, the others are not.
    fn misfit(&self, turn: &Turn, misfit: &Misfit) -> Postponement {
        error!(
            order.id = %turn.lease.id,
            error = misfit as &dyn std::error::Error,
            "postponed a saga because of an invalid response"
        );
        turn.postponed(self.jitter, telemetry::chain(misfit))
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
            turn.postponed(self.jitter, impossible.to_string())
        })
    }
}

impl<R, S, P> DriveSagas<R, S, P> {
    /// A panic postpones its own saga alone.
    pub(super) fn panicked(&self, turn: &Turn, panicked: &Panicked) -> Postponement {
        error!(
            order.id = %turn.lease.id,
            error = panicked as &dyn std::error::Error,
            "postponed a saga"
        );
        turn.postponed(self.jitter, panicked.to_string())
    }
}

fn orders<D>(group: &Group<'_, D>) -> Vec<OrderId> {
    group.iter().map(|(turn, _)| turn.lease.id).collect()
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
