//! Waiting with a bound, never without a condition, and telling what is still missing while it lasts.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(400);
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Asks until the probe answers, and fails with its last reason when the time is up.
/// A probe that fails for another reason (the API server restarts) is asked again like one that has nothing yet.
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

/// Watches that something holds all through a time; fails at once when it does not.
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

/// For limits: seconds.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
