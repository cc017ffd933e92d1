//! The service from outside: its router in process, a real Postgres, and a stand-in for product over real HTTP.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod aborts;
mod api;
mod arrows;
mod asking;
mod audit;
mod commit_proxy;
mod crashes;
mod events;
mod hostile_bodies;
mod migrations;
mod mock_provider;
mod openapi;
mod parcels;
mod paying;
mod payment_flows;
mod payments;
mod product;
mod publishing;
mod sagas;
mod shop;
mod stalled_database;
