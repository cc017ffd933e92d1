//! The service against a real Postgres, its routers in process.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod api;
mod hostile_bodies;
mod lookups;
mod migrations;
mod stock;
mod support;
