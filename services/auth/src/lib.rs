//! Accounts, sessions and tokens of a shop: who a user is, and what they may do.
//! Each subject has a folder with HTTP in `http`, SQL in `postgres`, and a file for each use case.

pub mod accounts;
pub mod addresses;
pub mod api_keys;
pub mod app;
pub mod audit;
pub mod config;
pub mod credentials;
pub mod erasures;
pub mod events;
pub mod export;
pub mod http;
mod infrastructure;
pub mod limits;
pub mod mfa;
pub mod roles;
pub mod sessions;
pub mod settings;
pub mod sweeper;
pub mod tokens;

/// The schema that this release needs.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
