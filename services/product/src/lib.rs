//! The catalogue and the stock of a shop: what is sold, how many there are, and who holds them.
//! HTTP stands in `http`, SQL in `store`; between them a module for each thing that this service does.

pub mod app;
pub mod audit;
pub mod catalogue;
pub mod config;
mod fail_point;
pub mod guests;
pub mod http;
pub mod idempotency;
pub mod inventory;
pub mod pools;
pub mod reads;
pub mod reservation;
pub mod retry;
pub mod store;
pub mod sweeper;
pub mod views;

/// The schema that this release needs.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
