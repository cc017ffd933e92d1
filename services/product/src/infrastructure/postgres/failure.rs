//! What fails when stock is changed or a list is read, and how long it is tried again.

use std::time::Duration;

use clock::Jitter;
use db::{Failure, Patience, Retries, Retryable};
use tokio::time::Instant;

const LONGEST_PAUSE: Duration = Duration::from_millis(40);
const PATIENCE: Patience = Patience {
    limit: Duration::from_millis(1_500),
    pause: |attempts, jitter| {
        jitter.up_to((attempts * Duration::from_millis(4)).min(LONGEST_PAUSE))
    },
};

/// For an operation that finds its own earlier write, by its key or by the state of a hold.
pub fn retries() -> Retries {
    Retries::since(Instant::now(), PATIENCE, Jitter::random())
}

#[derive(Debug, thiserror::Error)]
pub enum StockError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("a concurrent transaction interfered")]
    Raced,
    #[error("{changed} of {wanted} rows of stock changed")]
    Miscounted { wanted: i64, changed: i64 },
}

impl Retryable for StockError {
    fn failure(&self) -> Failure {
        match self {
            Self::Database(error) => Failure::of(error),
            Self::Raced => Failure::Retryable,
            Self::Miscounted { .. } => Failure::Defect,
        }
    }
}

impl StockError {
    /// A condition that does not hold was changed by another transaction in the meantime.
    pub fn raced_unless(holds: bool) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Raced) }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("the cursor belongs to another sort")]
    Cursor,
    #[error("cannot read the list")]
    Database(#[from] sqlx::Error),
}
