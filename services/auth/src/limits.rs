//! Limits of attempts: per account, counted in the database, and per address and API key, counted in this process (ORDERS 34).

pub mod account;
pub mod address;
pub mod api_key;
pub mod postgres;

use db::{Failure, Retryable};
use web::limit::Exceeded;

pub(crate) use self::postgres::{forget, take_back};

#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error("cannot count attempts")]
    Database(#[from] sqlx::Error),
}

impl Retryable for LimitError {
    fn failure(&self) -> Failure {
        match self {
            Self::Exceeded(_) => Failure::Data,
            Self::Database(error) => error.failure(),
        }
    }
}
