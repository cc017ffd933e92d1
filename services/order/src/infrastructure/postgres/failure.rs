//! What an error of the database means to a use case, and retries where they help (ORDERS 12).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clock::Jitter;
use db::{Failure, Patience, Retries, Retryable, Transaction, readable::Unreadable};

use crate::{
    fail_point::{FailPoint, reach},
    fulfillment::ports::QueueError,
    intents::ports::IntentError,
    orders::ports::OrdersError,
    values::{Backoff, Cause},
};

/// How long a transaction is retried. A failover of Postgres takes longer; the request is then answered with 503.
const PATIENCE: Patience = Patience {
    limit: Duration::from_secs(4),
    pause: |attempts, jitter| RETRIES.pause(attempts, jitter),
};
const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(20),
    most: Duration::from_millis(400),
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error("invalid row: {0}")]
    Row(Unreadable),
}

impl StoreError {
    /// What a row refers to, or must say, is not there.
    pub(crate) fn row(what: &'static str) -> Self {
        Self::Row(Unreadable(what.into()))
    }
}

impl From<Unreadable> for StoreError {
    fn from(reason: Unreadable) -> Self {
        Self::Row(reason)
    }
}

impl Retryable for StoreError {
    fn failure(&self) -> Failure {
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

impl From<sqlx::Error> for IntentError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<StoreError> for IntentError {
    fn from(error: StoreError) -> Self {
        match error.failure() {
            Failure::Retryable | Failure::Unknown => Self::Unavailable(Arc::new(error)),
            Failure::Data | Failure::Defect => Self::Defect(Arc::new(error)),
        }
    }
}

impl Retryable for IntentError {
    fn failure(&self) -> Failure {
        match self {
            Self::Unavailable(_) => Failure::Retryable,
            Self::NotFound | Self::KeyReused | Self::PaymentExists | Self::Refused(_) => {
                Failure::Data
            }
            Self::Defect(_) => Failure::Defect,
        }
    }
}

impl From<StoreError> for QueueError {
    fn from(error: StoreError) -> Self {
        Self(Arc::new(error))
    }
}

pub(crate) fn retries(begun: Instant, jitter: Jitter) -> Retries {
    Retries::since(begun.into(), PATIENCE, jitter)
}

pub(crate) async fn retrying<T, E: Retryable, F>(
    jitter: Jitter,
    attempt: impl Fn() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    retries(Instant::now(), jitter).run(attempt).await
}
