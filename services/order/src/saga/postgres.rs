//! Sagas in Postgres.

mod facts;
mod saga_admin;
pub(crate) mod sagas;
pub(crate) mod settle;

pub use sagas::PgSagas;
