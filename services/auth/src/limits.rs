//! Limits of attempts: per account, counted in the database, and per address and API key, counted in this process (ORDERS 34).

pub mod account;
pub mod address;
pub mod api_key;
pub mod postgres;

use web::limit::Exceeded;

pub(crate) use self::postgres::take_back;

#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error("cannot count attempts")]
    Database(#[from] sqlx::Error),
}
