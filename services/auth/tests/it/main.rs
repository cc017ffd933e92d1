//! The service against a real Postgres, with its router in process.

mod api;
mod background;
mod fixture;
mod openapi;
