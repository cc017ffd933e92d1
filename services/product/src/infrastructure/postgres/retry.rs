//! Trying a whole transaction again while locks or connections are in the way, until a deadline (ORDERS 11, 12).

use std::time::Duration;

use clock::Jitter;
use db::Failure;
use tokio::time::Instant;

/// No attempt begins later than this.
const DEADLINE: Duration = Duration::from_millis(1_500);
const LONGEST_PAUSE: Duration = Duration::from_millis(40);

/// The attempts at one thing.
#[derive(Debug)]
pub struct Retries {
    until: Instant,
    attempts: u32,
    jitter: Jitter,
}

/// Something that may have failed only because others were in the way.
pub trait Retryable {
    fn is_retryable(&self) -> bool;
}

impl Retryable for sqlx::Error {
    fn is_retryable(&self) -> bool {
        // After a COMMIT without an answer too: whatever is tried again here finds its own earlier write, by its key
        // or by the state of a hold.
        matches!(Failure::of(self), Failure::Retryable | Failure::Unknown)
    }
}

impl Retries {
    pub fn begin() -> Self {
        Self {
            until: Instant::now() + DEADLINE,
            attempts: 0,
            jitter: Jitter::random(),
        }
    }

    /// Waits a little before the next attempt; gives the error back where another would not help or comes too late.
    pub async fn again<E: Retryable>(&mut self, error: E) -> Result<(), E> {
        self.attempts += 1;
        let longest = (self.attempts * Duration::from_millis(4)).min(LONGEST_PAUSE);
        let pause = self.jitter.up_to(longest);
        if !error.is_retryable() || Instant::now() + pause >= self.until {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// Tries until it is done, or until another attempt would not help or comes too late.
pub async fn retried<T, E: Retryable, F: Future<Output = Result<T, E>>>(
    attempt: impl Fn() -> F,
) -> Result<T, E> {
    let mut retries = Retries::begin();
    loop {
        match attempt().await {
            Err(error) => retries.again(error).await?,
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_was_in_the_way_is_tried_again_and_only_in_time() {
        let mut retries = Retries::begin();
        assert!(retries.again(sqlx::Error::PoolTimedOut).await.is_ok());
        assert!(
            retries.again(sqlx::Error::RowNotFound).await.is_err(),
            "another attempt is no use"
        );
        retries.until = Instant::now();
        assert!(
            retries.again(sqlx::Error::PoolTimedOut).await.is_err(),
            "the deadline has come"
        );
    }
}
