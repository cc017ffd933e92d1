//! Waiting for a condition with a time limit, while the unmet condition is printed.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(400);
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Calls the probe until it succeeds, and fails with its last error when the time is up. Any error of the probe, such as one
/// during a restart of the API server, leads to another call.
pub async fn until<T>(
    what: impl fmt::Display,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let began = Instant::now();
    let mut told = (String::new(), began);
    loop {
        let reason = match probe().await {
            Ok(found) => {
                eprintln!("{:>6.1}s {what}", began.elapsed().as_secs_f32());
                return Ok(found);
            }
            Err(error) => format!("{error:#}"),
        };
        if began.elapsed() > limit {
            bail!(
                "{what}: not within {} s; last seen: {reason}",
                limit.as_secs()
            );
        }
        if reason != told.0 || told.1.elapsed() > TELL_EVERY {
            eprintln!("{:>6.1}s … {what}: {reason}", began.elapsed().as_secs_f32());
            told = (reason, Instant::now());
        }
        sleep(PAUSE).await;
    }
}

/// Checks that a condition holds during a time, and fails as soon as it does not.
pub async fn throughout<T>(
    time: Duration,
    mut probe: impl AsyncFnMut() -> Result<T>,
) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < time {
        probe().await?;
        sleep(PAUSE).await;
    }
    Ok(())
}

/// A time limit in seconds.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
