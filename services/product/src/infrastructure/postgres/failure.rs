//! What fails when stock is changed or a list is read.

use db::Failure;

use super::retry::Retryable;

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
    fn is_retryable(&self) -> bool {
        match self {
            Self::Database(error) => error.is_retryable(),
            Self::Raced => true,
            Self::Miscounted { .. } => false,
        }
    }
}

impl StockError {
    /// What does not hold was changed by another transaction meanwhile.
    pub fn raced_unless(holds: bool) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Raced) }
    }

    /// Whether the data was refused, so that a smaller batch may pass.
    pub fn is_data(&self) -> bool {
        match self {
            Self::Database(error) => Failure::of(error) == Failure::Data,
            Self::Raced | Self::Miscounted { .. } => false,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("the cursor belongs to another sort")]
    Cursor,
    #[error("cannot read the list")]
    Database(#[from] sqlx::Error),
}
