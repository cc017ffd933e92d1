//! The order service, hexagonal: `domain` ← `ports` ← `application` ← `adapters`, put together in `app` and `process`.
//! `tests/it/arrows.rs` proves the arrows. No stock and no prices of its own: those are product's.

pub mod adapters;
pub mod app;
pub mod application;
pub mod audit;
pub mod config;
pub mod domain;
#[cfg(not(feature = "fail-points"))]
mod fail_point;
#[cfg(feature = "fail-points")]
pub mod fail_point;
pub mod ports;
pub mod process;
