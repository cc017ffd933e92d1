//! The service from outside: its router in process, a real Postgres, and a stand-in for product over real HTTP.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod aborts;
mod api;
mod arrows;
mod audit;
mod checkout;
mod crashes;
mod crowd;
mod fulfillment;
mod full_disk;
mod hostile_bodies;
mod lookups;
mod migrations;
mod odd_answers;
mod openapi;
mod orders;
mod payments;
mod saga;
mod shortfalls;
mod stalled_database;
mod states_in_sql;
mod support;
