//! Retries of a whole transaction after errors that are transient, such as a lock or a lost connection, until a deadline
//! (ORDERS 11, 12).

use std::{error::Error, time::Duration};

use clock::Jitter;
use tokio::time::Instant;

use crate::Failure;

/// An error of a transaction.
pub trait Retryable: Error + 'static {
    fn failure(&self) -> Failure;
}

impl Retryable for sqlx::Error {
    fn failure(&self) -> Failure {
        Failure::of(self)
    }
}

/// How long a transaction is retried.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// No attempt begins later than this after the beginning.
    pub limit: Duration,
    /// The pause after so many attempts.
    pub pause: fn(u32, Jitter) -> Duration,
}

/// The attempts at one operation, of one transaction or of several that share its patience. The operation must find its own
/// earlier write, by a key, a fence or a version: it is also retried after a COMMIT without a response.
#[derive(Debug)]
pub struct Retries {
    patience: Patience,
    jitter: Jitter,
    deadline: Instant,
    attempts: u32,
}

impl Retries {
    pub fn since(begun: Instant, patience: Patience, jitter: Jitter) -> Self {
        Self {
            patience,
            jitter,
            deadline: begun + patience.limit,
            attempts: 0,
        }
    }

    /// Returns after a pause; or with the error, if another attempt would not help or comes too late.
    pub async fn again<E: Retryable>(&mut self, error: E) -> Result<(), E> {
        self.attempts += 1;
        let pause = (self.patience.pause)(self.attempts, self.jitter);
        if !error.failure().is_transient() || Instant::now() + pause >= self.deadline {
            return Err(error);
        }
        tracing::debug!(
            attempt = self.attempts,
            error = telemetry::chain(&error),
            "retried a transaction"
        );
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Runs attempts until one succeeds, or until another attempt would not help or comes too late.
    pub async fn run<T, E: Retryable, F: Future<Output = Result<T, E>>>(
        mut self,
        attempt: impl Fn() -> F,
    ) -> Result<T, E> {
        loop {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(error) => self.again(error).await?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        limit: Duration::from_secs(1),
        pause: |attempts, _| attempts * Duration::from_millis(1),
    };

    #[tokio::test]
    async fn only_what_was_in_the_way_is_tried_again_and_only_in_time() {
        let mut retries = Retries::since(Instant::now(), PATIENCE, Jitter::random());
        assert!(retries.again(sqlx::Error::PoolTimedOut).await.is_ok());
        assert!(
            retries.again(sqlx::Error::RowNotFound).await.is_err(),
            "another attempt is no use"
        );
        retries.deadline = Instant::now();
        assert!(
            retries.again(sqlx::Error::PoolTimedOut).await.is_err(),
            "the deadline has come"
        );
    }
}
