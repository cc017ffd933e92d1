//! What `work` does beside the sagas: reports how many are unfinished and how many are stuck, reopens those that ended too
//! early, and deletes old rows.

use std::{error::Error, time::Duration};

use tokio::sync::watch;
use tracing::{error, info, warn};

use super::ports::{Sagas, SagasError};
use crate::{checkout::ports::PlacedOrders, orders::ports::OrdersError};

const ROUND: Duration = Duration::from_secs(10);
/// Rounds from one deletion of old rows to the next.
const ROUNDS_PER_CLEANING: u32 = 6;

pub struct Maintenance<O, S> {
    pub orders: O,
    pub sagas: S,
}

impl<O: PlacedOrders, S: Sagas> Maintenance<O, S> {
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut round = 0_u32;
        loop {
            isolated("failed to count sagas", self.show_backlog()).await;
            isolated("failed to reopen sagas", self.reopen()).await;
            if round.is_multiple_of(ROUNDS_PER_CLEANING) {
                let keys = self.forget_keys(&stop);
                isolated("failed to delete old idempotency keys", keys).await;
                let sagas = self.forget_sagas(&stop);
                isolated("failed to delete finished sagas", sagas).await;
            }
            round = round.wrapping_add(1);
            if worker::stopped_within(&mut stop, ROUND).await {
                return;
            }
        }
    }

    /// The same numbers are in SQL: the view `stuck_sagas`.
    async fn show_backlog(&self) -> Result<(), SagasError> {
        let backlog = self.sagas.backlog().await?;
        metrics::gauge!("ecommercestack_order_sagas_unfinished").set(count(backlog.unfinished));
        metrics::gauge!("ecommercestack_order_sagas_stuck").set(count(backlog.stuck));
        if backlog.stuck > 0 {
            warn!(
                sagas = backlog.stuck,
                "sagas are stuck; see the view stuck_sagas"
            );
        }
        Ok(())
    }

    /// A worker of the release before does not know payments and cancellations, and may have ended such sagas.
    async fn reopen(&self) -> Result<(), SagasError> {
        let sagas = self.sagas.reopen_unsettled().await?;
        if sagas > 0 {
            warn!(sagas, "reopened sagas that had finished too early");
        }
        Ok(())
    }

    async fn forget_keys(&self, stop: &watch::Receiver<bool>) -> Result<(), OrdersError> {
        let keys = forget_all(stop, || self.orders.forget_old_keys()).await?;
        if keys > 0 {
            info!(keys, "deleted old idempotency keys");
        }
        Ok(())
    }

    async fn forget_sagas(&self, stop: &watch::Receiver<bool>) -> Result<(), SagasError> {
        let sagas = forget_all(stop, || self.sagas.forget_finished()).await?;
        if sagas > 0 {
            info!(sagas, "deleted finished sagas");
        }
        Ok(())
    }
}

/// One chunk after another until none is left: a busy minute leaves more than one.
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

/// A chore that fails or panics does not keep the others from being done.
async fn isolated<E: Error + 'static>(
    failed: &'static str,
    chore: impl Future<Output = Result<(), E>>,
) {
    match worker::isolated("maintenance", chore).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(error = &error as &dyn Error, "{failed}"),
        Err(panicked) => error!(error = &panicked as &dyn Error, "maintenance failed"),
    }
}

fn count(rows: i64) -> f64 {
    f64::from(i32::try_from(rows).unwrap_or(i32::MAX))
}
