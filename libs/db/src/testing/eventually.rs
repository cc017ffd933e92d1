//! Waiting for what other tasks and sessions do.

use std::time::Duration;

/// Polls until this holds; after half a minute the test fails. Generous, for a busy machine.
pub async fn eventually(what: &str, holds: impl AsyncFnMut() -> bool) {
    within(Duration::from_secs(30), what, holds).await;
}

/// The same with a bound of its own.
///
/// # Panics
///
/// If it does not hold in time, which fails the test.
pub async fn within(longest: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let polls = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let held = tokio::time::timeout(longest, polls).await;
    assert!(held.is_ok(), "{what}: not within {longest:?}");
}
