//! Deletes expired rows: refresh tokens, sessions, revocations, counted attempts, one-time tokens and API keys. It works in
//! batches and skips locked rows.

use std::time::Duration;

use db::Pool;
use tokio::sync::watch;
use tracing::{debug, warn};
use web::server::stopped;

use crate::{
    api_keys::postgres as api_keys,
    credentials::postgres as account_tokens,
    limits::{account::LONGEST_WINDOW, postgres as attempts},
    sessions::postgres as sessions,
    tokens::postgres as revocations,
};

const PAUSE: Duration = Duration::from_mins(5);
const BATCH: i64 = 1_000;

/// Sweeps until `stop`; a running statement is never cancelled.
pub async fn run(pool: Pool, stop: watch::Receiver<bool>) {
    loop {
        match sweep(&pool, &stop).await {
            Ok(rows) => debug!(rows, "swept"),
            Err(error) => warn!(error = &error as &dyn std::error::Error, "sweep failed"),
        }
        tokio::select! {
            () = stopped(stop.clone()) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Deletes all rows that have expired by now, and returns their number.
pub async fn sweep(pool: &Pool, stop: &watch::Receiver<bool>) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    loop {
        let swept = [
            sessions::sweep_tokens(pool, BATCH).await?,
            sessions::sweep(pool, BATCH).await?,
            revocations::sweep(pool, BATCH).await?,
            api_keys::sweep(pool, BATCH).await?,
            attempts::sweep(pool, LONGEST_WINDOW, BATCH).await?,
            account_tokens::sweep(pool, BATCH).await?,
        ];
        rows += swept.iter().sum::<u64>();
        if *stop.borrow() || swept.iter().all(|rows| rows.cast_signed() < BATCH) {
            return Ok(rows);
        }
    }
}
