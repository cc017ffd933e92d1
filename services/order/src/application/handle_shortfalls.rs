//! Reads from product which committed units are not there any more, has each order cancelled or partly refunded by its
//! saga, and then settles it with product (ORDERS 5). Every step may be repeated: by two workers, or after a crash.

use std::{error::Error, time::Duration};

use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::{
    fail_point::{FailPoint, reach},
    ports::{OpenShortfalls, Recording, ReservationsError, Shortfalls},
};

const POLL: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct HandleShortfalls<P, S> {
    pub product: P,
    pub store: S,
}

impl<P: OpenShortfalls, S: Shortfalls> HandleShortfalls<P, S> {
    /// One round; how many were settled.
    pub async fn run_once(&self) -> Result<usize, ReservationsError> {
        let mut recorded = Vec::new();
        for entry in self.product.open().await? {
            let shortfall = match entry {
                Ok(shortfall) => shortfall,
                Err(misfit) => {
                    error!(
                        error = &misfit as &dyn Error,
                        "skipped a shortfall that cannot be read"
                    );
                    metrics::counter!("ecommercestack_order_shortfalls_total", "outcome" => "unreadable")
                        .increment(1);
                    continue;
                }
            };
            let outcome = match self.store.record(&shortfall).await {
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
                        "a shortfall was not recorded"
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
        reach(FailPoint::BeforeShortfallSettle)
            .await
            .map_err(ReservationsError::Unreachable)?;
        self.product.settle(&recorded).await?;
        reach(FailPoint::AfterShortfallSettle)
            .await
            .map_err(ReservationsError::Unknown)?;
        info!(shortfalls = recorded.len(), "settled shortfalls");
        Ok(recorded.len())
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.run_once().await {
                Ok(0) => {}
                // There may be more.
                Ok(_) => continue,
                Err(error) => warn!(
                    error = &error as &dyn Error,
                    "shortfalls were not read or not settled"
                ),
            }
            // Stopped, or whoever could stop us is gone.
            if tokio::time::timeout(POLL, stop.wait_for(|stop| *stop))
                .await
                .is_ok()
            {
                return;
            }
        }
    }
}
