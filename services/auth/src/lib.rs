//! Accounts, sessions and tokens of a shop: who a user is, and what they may do.
//! A folder for each subject; in each of them HTTP stands in `http`, SQL in `postgres`, and between them a file for each
//! thing that this service does.

pub mod accounts;
pub mod app;
pub mod config;
pub mod http;
pub mod limits;
pub mod sessions;
pub mod sweeper;
pub mod tokens;

/// The schema that this release needs.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
