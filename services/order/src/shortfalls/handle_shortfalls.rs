//! Reads from product which committed units are not there any more, has each order cancelled or partly refunded by its
//! saga, and then settles it with product (ORDERS 5). Every step may be repeated: by two workers, or after a crash.

use std::{error::Error, sync::Arc, time::Duration};

use tokio::sync::watch;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::{
    model::Shortfall,
    ports::{OpenPage, OpenShortfalls, Recording, Shortfalls},
};
use crate::{
    checkout::ports::{Misfit, ReservationsError},
    fail_point::{FailPoint, between},
    orders::ports::OrdersError,
};

const POLL: Duration = Duration::from_secs(5);
/// Pages that a round reads at most; the next goes on behind them.
const PAGES: usize = 50;

#[derive(Clone)]
pub struct HandleShortfalls<P, S> {
    pub product: P,
    pub store: S,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShortfallRound {
    pub settled: usize,
    /// Where the next round goes on, if this one did not come to the end.
    pub next: Option<Uuid>,
}

impl<P: OpenShortfalls, S: Shortfalls> HandleShortfalls<P, S> {
    /// Goes through what is open behind `after`, page by page: those that cannot be read or recorded stay open and hide
    /// no other. Each page is settled before the next is read.
    pub async fn round(&self, after: Option<Uuid>) -> Result<ShortfallRound, ReservationsError> {
        let mut round = ShortfallRound {
            settled: 0,
            next: after,
        };
        for _ in 0..PAGES {
            let OpenPage { shortfalls, next } = self.product.open(round.next).await?;
            round.settled += self.record(shortfalls).await?;
            round.next = next;
            if next.is_none() {
                break;
            }
        }
        Ok(round)
    }

    /// How many of them were settled.
    async fn record(
        &self,
        open: Vec<Result<Shortfall, Misfit>>,
    ) -> Result<usize, ReservationsError> {
        let mut recorded = Vec::new();
        for entry in open {
            let shortfall = match entry {
                Ok(shortfall) => shortfall,
                Err(misfit) => {
                    error!(
                        error = &misfit as &dyn Error,
                        "skipped an invalid shortfall"
                    );
                    metrics::counter!("ecommercestack_order_shortfalls_total", "outcome" => "unreadable")
                        .increment(1);
                    continue;
                }
            };
            let recording = worker::isolated("shortfalls", self.store.record(&shortfall))
                .await
                .map_err(|panicked| OrdersError::Defect(Arc::new(panicked)))
                .flatten();
            let outcome = match recording {
                Ok(recording) => {
                    recorded.push(shortfall.id);
                    match recording {
                        Recording::Taken => "taken",
                        Recording::Nothing => "nothing",
                        Recording::Known => "known",
                        Recording::NoOrder => {
                            error!(order.id = %shortfall.order_id, "settled a shortfall of an order that does not exist");
                            "no_order"
                        }
                    }
                }
                // It stays open, and the others go on.
                Err(error) => {
                    error!(
                        order.id = %shortfall.order_id,
                        error = &error as &dyn Error,
                        "failed to record a shortfall"
                    );
                    "failed"
                }
            };
            metrics::counter!("ecommercestack_order_shortfalls_total", "outcome" => outcome)
                .increment(1);
        }
        if recorded.is_empty() {
            return Ok(0);
        }
        between(
            FailPoint::BeforeShortfallSettle,
            FailPoint::AfterShortfallSettle,
            self.product.settle(&recorded),
        )
        .await?;
        info!(shortfalls = recorded.len(), "settled shortfalls");
        Ok(recorded.len())
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut after = None;
        while !*stop.borrow() {
            match self.round(after).await {
                Ok(round) => {
                    after = round.next;
                    if after.is_some() {
                        continue;
                    }
                }
                Err(error) => {
                    after = None;
                    warn!(
                        error = &error as &dyn Error,
                        "failed to read or settle shortfalls"
                    );
                }
            }
            if worker::stopped_within(&mut stop, POLL).await {
                return;
            }
        }
    }
}
