//! The service from outside: its router in process, a real Postgres, and a stand-in for product over real HTTP.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod aborts;
mod api;
mod arrows;
mod asking;
mod audit;
mod commit_proxy;
mod crashes;
mod crowd;
mod events;
mod full_disk;
mod hostile_bodies;
mod housekeeping;
mod lookups;
mod migrations;
mod mock_provider;
mod odd_answers;
mod openapi;
mod paid_for;
mod parcels;
mod paying;
mod payment_flows;
mod payments;
mod product;
mod publishing;
mod sagas;
mod shop;
mod shortfalls;
mod slow_provider;
mod stalled_database;
mod too_late;
mod unpaid_units;
mod without_key;
