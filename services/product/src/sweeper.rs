//! Takes away what has run out: holds whose time is over, and idempotency keys of yesterday.

use std::{collections::BTreeSet, time::Duration};

use db::Pool;
use tokio::sync::watch;
use tracing::{debug, warn};
use uuid::Uuid;
use web::server::stopped;

use crate::{
    infrastructure::postgres::{failure::StockError, idempotency_keys},
    stock::reservations::expire_overdue,
};

const PAUSE: Duration = Duration::from_secs(1);
/// Sweeps of holds between two of keys.
const KEYS_EVERY: u32 = 60;
const KEYS_AT_ONCE: i64 = 1_000;
/// Sweeps after which holds that could not be taken back are tried again.
const BROKEN_EVERY: u32 = 3_600;

/// Sweeps until `stop`; a transaction under way is never cancelled.
pub async fn run(pool: Pool, stop: watch::Receiver<bool>) {
    let mut broken = BTreeSet::new();
    for turn in 0_u32.. {
        if turn % BROKEN_EVERY == 0 {
            broken.clear();
        }
        if let Err(error) = sweep_holds(&pool, &mut broken, &stop).await {
            warn!(
                error = &error as &dyn std::error::Error,
                "failed to release overdue holds"
            );
        }
        if turn % KEYS_EVERY == 0
            && let Err(error) = sweep_keys(&pool, &stop).await
        {
            warn!(
                error = &error as &dyn std::error::Error,
                "failed to delete old idempotency keys"
            );
        }
        tokio::select! {
            () = stopped(stop.clone()) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Goes on for as long as holds go back; those whose stock is locked wait for the next turn.
async fn sweep_holds(
    pool: &Pool,
    broken: &mut BTreeSet<Uuid>,
    stop: &watch::Receiver<bool>,
) -> Result<(), StockError> {
    loop {
        let (overdue, expired) = expire_overdue(pool, broken).await?;
        if overdue > 0 {
            debug!(overdue, expired, "released overdue holds");
        }
        if expired == 0 || *stop.borrow() {
            return Ok(());
        }
    }
}

async fn sweep_keys(pool: &Pool, stop: &watch::Receiver<bool>) -> Result<(), sqlx::Error> {
    while idempotency_keys::sweep(pool, KEYS_AT_ONCE)
        .await?
        .cast_signed()
        == KEYS_AT_ONCE
        && !*stop.borrow()
    {}
    Ok(())
}
