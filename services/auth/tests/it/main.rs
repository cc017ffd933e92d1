//! Tests of the service with a real Postgres and its router in process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod api;
mod background;
mod hostile_bodies;
mod limits;
mod lookups;
mod migrations;
mod openapi;
mod pending_vendors;
mod require_mfa;
mod role_stories;
mod stories;
mod support;
