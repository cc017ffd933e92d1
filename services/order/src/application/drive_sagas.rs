//! One round of the sagas: take what is due, commit its holds in product, move its orders on (ORDERS 3, 5, 19).
//! Two rounds at once, or one round twice, do no harm: the leases and product's idempotence see to it.

use std::{error::Error, iter::successors, time::Duration};

use tracing::{error, info, warn};
use web::clock::Clock;

use crate::{
    domain::{
        Backoff, CancelReason, CommitOutcome, OrderEvent, OrderId, Postponement, Settled,
        Settlement, Spread, TransitionError, Turn,
    },
    fail_point::{FailPoint, reach},
    ports::{Reservations, ReservationsError, Sagas, SagasError},
};

/// Sagas that one round takes; product commits no more at once.
const BATCH: i64 = 128;
/// Longer than a call to product and a transaction may last.
const LEASE: Duration = Duration::from_secs(10);
const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(30),
};

#[derive(Clone)]
pub struct DriveSagas<R, S> {
    pub reservations: R,
    pub sagas: S,
    pub clock: Clock,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Driven {
    pub taken: usize,
    pub settled: usize,
    /// The round was full: there may be more due.
    pub more: bool,
}

impl<R: Reservations, S: Sagas> DriveSagas<R, S> {
    pub async fn run(&self) -> Result<Driven, SagasError> {
        let turns = self.sagas.take(BATCH, LEASE).await?;
        if turns.is_empty() {
            return Ok(Driven::default());
        }
        reach(FailPoint::BeforeCommitHold).await;
        let orders: Vec<OrderId> = turns.iter().map(|turn| turn.lease.order_id).collect();
        let settled = match self.reservations.commit(&orders).await {
            Ok(outcomes) => {
                reach(FailPoint::AfterCommitHold).await;
                self.settle(&turns, &outcomes).await?
            }
            Err(error) => {
                self.postpone(&turns, &error).await?;
                0
            }
        };
        Ok(Driven {
            taken: turns.len(),
            settled,
            more: i64::try_from(turns.len()) == Ok(BATCH),
        })
    }

    async fn settle(
        &self,
        turns: &[Turn],
        outcomes: &[CommitOutcome],
    ) -> Result<usize, SagasError> {
        let (mut settlements, mut events, mut impossible) = (Vec::new(), Vec::new(), Vec::new());
        for (turn, outcome) in turns.iter().zip(outcomes) {
            match decide(turn, *outcome) {
                Ok((settlement, event)) => {
                    settlements.push(settlement);
                    events.push(event);
                }
                Err(refused) => {
                    error!(order.id = %turn.lease.order_id, error = &refused as &dyn std::error::Error, "a saga needs a person");
                    impossible.push(self.postponement(turn, refused.to_string()));
                }
            }
        }
        if !impossible.is_empty() {
            self.sagas.postpone(&impossible).await?;
        }
        let results = self.sagas.settle(&settlements).await?;
        let mut written = 0;
        for ((settlement, event), result) in settlements.iter().zip(events).zip(results) {
            let id = settlement.lease.order_id;
            match result {
                Settled::Written => {
                    written += 1;
                    report(id, event);
                }
                Settled::LeaseLost => warn!(order.id = %id, "another worker has taken this saga"),
                Settled::OrderChanged => {
                    info!(order.id = %id, "the order changed meanwhile, its saga goes on");
                }
            }
        }
        Ok(written)
    }

    async fn postpone(&self, turns: &[Turn], error: &ReservationsError) -> Result<(), SagasError> {
        warn!(
            sagas = turns.len(),
            error = error as &dyn std::error::Error,
            "postponed sagas"
        );
        let reason = chain(error);
        let postponements: Vec<_> = turns
            .iter()
            .map(|turn| self.postponement(turn, reason.clone()))
            .collect();
        self.sagas.postpone(&postponements).await
    }

    fn postponement(&self, turn: &Turn, reason: String) -> Postponement {
        let pause = RETRIES.pause(turn.attempts, Spread::of(self.clock.uuid()));
        Postponement {
            lease: turn.lease,
            pause,
            reason,
        }
    }
}

/// The error and what caused it: whoever looks at a stuck saga has nothing else.
fn chain(error: &dyn Error) -> String {
    let causes = successors(Some(error), |error| (**error).source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// What the end of a hold means for its order.
fn decide(
    turn: &Turn,
    outcome: CommitOutcome,
) -> Result<(Settlement, Option<OrderEvent>), TransitionError> {
    let mut state = turn.state;
    let event = match outcome {
        CommitOutcome::Committed => state.confirm()?,
        CommitOutcome::Lost | CommitOutcome::Gone => state.cancel(CancelReason::Shortfall)?,
    };
    Ok((
        Settlement {
            lease: turn.lease,
            read_version: turn.state.version,
            state,
        },
        event,
    ))
}

fn report(id: OrderId, event: Option<OrderEvent>) {
    match event {
        Some(OrderEvent::Confirmed) => {
            metrics::counter!("ecommercestack_orders_total", "status" => "confirmed").increment(1);
            info!(order.id = %id, "confirmed order");
        }
        Some(OrderEvent::Cancelled { reason }) => {
            metrics::counter!("ecommercestack_orders_total", "status" => "cancelled").increment(1);
            warn!(order.id = %id, reason = reason.as_str(), "cancelled order");
        }
        None => info!(order.id = %id, "finished saga of an order that had moved on"),
    }
}
