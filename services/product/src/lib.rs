//! The catalogue and the stock of a shop: what is sold, how many there are, and who holds them.
//! A folder for each subject; in each of them HTTP stands in `http`, SQL in `postgres`, what is pure in `model`, and between
//! them a file for each thing that this service does.

pub mod app;
pub mod audit;
pub mod catalog;
pub mod config;
mod fail_point;
pub mod guests;
pub mod http;
pub mod infrastructure;
pub mod stock;
pub mod sweeper;

/// The schema that this release needs.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
