//! What `work` does beside the sagas: shows how many wait and how many are stuck, and forgets what is old.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{error, info, warn};

use super::ports::Sagas;
use crate::checkout::ports::PlacedOrders;

const ROUND: Duration = Duration::from_secs(10);
/// Every so many rounds, old rows are forgotten.
const ROUNDS_PER_CLEANING: u32 = 6;

pub struct KeepHouse<O, S> {
    pub orders: O,
    pub sagas: S,
}

impl<O: PlacedOrders, S: Sagas> KeepHouse<O, S> {
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut round = 0_u32;
        loop {
            isolated(self.show_backlog()).await;
            isolated(self.reopen()).await;
            if round.is_multiple_of(ROUNDS_PER_CLEANING) {
                isolated(self.clean(&stop)).await;
            }
            round = round.wrapping_add(1);
            if worker::stopped_within(&mut stop, ROUND).await {
                return;
            }
        }
    }

    /// The same numbers are in SQL: the view `stuck_sagas`.
    async fn show_backlog(&self) {
        match self.sagas.backlog().await {
            Ok(backlog) => {
                metrics::gauge!("ecommercestack_order_sagas_unfinished")
                    .set(count(backlog.unfinished));
                metrics::gauge!("ecommercestack_order_sagas_stuck").set(count(backlog.stuck));
                if backlog.stuck > 0 {
                    warn!(
                        sagas = backlog.stuck,
                        "sagas are stuck; see the view stuck_sagas"
                    );
                }
            }
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "failed to count sagas"
            ),
        }
    }

    /// A worker of the release before knows nothing of payments and cancellations, and may have ended such sagas.
    async fn reopen(&self) {
        match self.sagas.reopen_unsettled().await {
            Ok(0) => {}
            Ok(sagas) => warn!(sagas, "reopened sagas that had finished too early"),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "failed to reopen sagas"
            ),
        }
    }

    async fn clean(&self, stop: &watch::Receiver<bool>) {
        match forget_all(stop, || self.orders.forget_old_keys()).await {
            Ok(0) => {}
            Ok(keys) => info!(keys, "deleted old idempotency keys"),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "failed to delete old idempotency keys"
            ),
        }
        match forget_all(stop, || self.sagas.forget_finished()).await {
            Ok(0) => {}
            Ok(sagas) => info!(sagas, "deleted finished sagas"),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "failed to delete finished sagas"
            ),
        }
    }
}

/// A chunk after the other, until none is left: what a busy minute leaves behind is more than one.
async fn forget_all<E, F: Future<Output = Result<u64, E>>>(
    stop: &watch::Receiver<bool>,
    forget_some: impl Fn() -> F,
) -> Result<u64, E> {
    let mut forgotten = 0;
    while !*stop.borrow() {
        match forget_some().await? {
            0 => break,
            rows => forgotten += rows,
        }
    }
    Ok(forgotten)
}

/// One chore's panic does not keep the others from being done.
async fn isolated(chore: impl Future<Output = ()>) {
    if let Err(panicked) = worker::isolated("maintenance", chore).await {
        error!(
            error = &panicked as &dyn std::error::Error,
            "maintenance failed"
        );
    }
}

fn count(rows: i64) -> f64 {
    f64::from(i32::try_from(rows).unwrap_or(i32::MAX))
}
