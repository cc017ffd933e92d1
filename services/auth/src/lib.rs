//! Accounts, sessions and tokens of a shop: who somebody is, and what they may be.
//! HTTP stands in `http`, SQL in `store`; between them a module for each thing that this service does.

pub mod account;
pub mod app;
pub mod config;
pub mod device;
pub mod first_admin;
pub mod http;
pub mod limit;
pub mod passwords;
pub mod secret;
pub mod session;
pub mod signing;
pub mod store;
pub mod sweeper;

mod log_in;
mod sign_up;
mod signed_in;

/// The schema that this release needs.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
