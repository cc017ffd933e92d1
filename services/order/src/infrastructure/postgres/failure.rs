//! What an error of the database means to a use case, and retries where they help (ORDERS 12).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clock::Jitter;
use db::{Failure, Transaction};

use crate::{
    fail_point::{FailPoint, reach},
    fulfillment::ports::QueueError,
    orders::ports::OrdersError,
    values::{Backoff, Cause},
};

/// How long a transaction is retried. A failover of Postgres takes longer; the request is then answered with 503.
const PATIENCE: Duration = Duration::from_secs(4);
const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(20),
    most: Duration::from_millis(400),
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error("invalid row: {0}")]
    Row(&'static str),
}

impl StoreError {
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Sql(error) => Failure::of(error),
            Self::Row(_) => Failure::Defect,
        }
    }
}

/// The error of a transaction that a fail point ends, as if its connection was lost.
pub(crate) fn on_demand(cause: Cause) -> StoreError {
    StoreError::Sql(sqlx::Error::Io(std::io::Error::other(cause)))
}

/// Commits, between two fail points.
pub(crate) async fn commit(
    transaction: Transaction,
    before: FailPoint,
    after: FailPoint,
) -> Result<(), StoreError> {
    reach(before).await.map_err(on_demand)?;
    transaction.commit().await?;
    reach(after).await.map_err(on_demand)
}

impl<E: Into<StoreError>> From<E> for OrdersError {
    fn from(error: E) -> Self {
        let error = error.into();
        let failure = error.failure();
        let cause = Arc::new(error);
        match failure {
            Failure::Retryable | Failure::Unknown => Self::Unavailable(cause),
            Failure::Data => Self::Refused(cause),
            Failure::Defect => Self::Defect(cause),
        }
    }
}

impl From<StoreError> for QueueError {
    fn from(error: StoreError) -> Self {
        Self(Arc::new(error))
    }
}

/// An error of an attempt.
pub(crate) trait Passes: std::error::Error + Send + Sync + 'static {
    /// Another attempt may succeed. Also after a COMMIT without an answer: every transaction that is retried here finds its
    /// own earlier write by its key, a fence or a version.
    fn passes(&self) -> bool;
}

impl Passes for StoreError {
    fn passes(&self) -> bool {
        match self.failure() {
            Failure::Retryable | Failure::Unknown => true,
            Failure::Data | Failure::Defect => false,
        }
    }
}

/// Pauses between attempts that fail for a transient reason, within `PATIENCE`.
pub(crate) struct Retries {
    jitter: Jitter,
    deadline: Instant,
    attempts: u32,
}

impl Retries {
    pub(crate) fn since(begun: Instant, jitter: Jitter) -> Self {
        Self {
            jitter,
            deadline: begun + PATIENCE,
            attempts: 0,
        }
    }

    /// Returns after a pause, or with the error if it is not transient or the time is over.
    pub(crate) async fn pause<E: Passes>(&mut self, error: E) -> Result<(), E> {
        self.attempts += 1;
        let pause = RETRIES.pause(self.attempts, self.jitter);
        if !error.passes() || Instant::now() + pause >= self.deadline {
            return Err(error);
        }
        tracing::debug!(
            attempt = self.attempts,
            error = &error as &dyn std::error::Error,
            "retried a transaction"
        );
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

pub(crate) async fn retrying<T, E: Passes, F>(
    jitter: Jitter,
    attempt: impl Fn() -> F + Send,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>> + Send,
{
    retrying_since(Instant::now(), jitter, attempt).await
}

/// The same for one of several transactions of a request, which share `PATIENCE`.
pub(crate) async fn retrying_since<T, E: Passes, F>(
    begun: Instant,
    jitter: Jitter,
    attempt: impl Fn() -> F + Send,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>> + Send,
{
    let mut retries = Retries::since(begun, jitter);
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => retries.pause(error).await?,
        }
    }
}
