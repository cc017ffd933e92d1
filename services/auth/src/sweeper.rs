//! Deletes expired rows: refresh tokens, sessions, revocations, counted attempts, one-time tokens, API keys and completed
//! erasures. It works in batches and skips locked rows. It also shows how many erasures are not completed.

use std::time::Duration;

use db::Pool;
use tokio::sync::watch;
use tracing::{debug, warn};
use web::server::stopped;

use crate::{
    api_keys::postgres as api_keys,
    credentials::postgres as account_tokens,
    erasures::{model::Service, postgres as erasures},
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
        show_erasures(&pool).await;
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
            erasures::sweep(pool, BATCH).await?,
        ];
        rows += swept.iter().sum::<u64>();
        if *stop.borrow() || swept.iter().all(|rows| rows.cast_signed() < BATCH) {
            return Ok(rows);
        }
    }
}

/// An erasure takes as long as a service needs the data, such as the address of an order. One that is much older than an order
/// can be shows that a service does not erase.
async fn show_erasures(pool: &Pool) {
    for service in Service::ALL {
        match erasures::backlog(pool, service).await {
            Ok((count, oldest_seconds)) => {
                let count = f64::from(i32::try_from(count).unwrap_or(i32::MAX));
                let service = service.into_str();
                metrics::gauge!("ecommercestack_auth_erasures_open", "service" => service)
                    .set(count);
                metrics::gauge!("ecommercestack_auth_erasures_oldest_seconds", "service" => service)
                    .set(oldest_seconds);
            }
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "cannot count open erasures"
            ),
        }
    }
}
