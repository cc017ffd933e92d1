//! The order service: a folder for each subject, and in each of them layers: `http` → use cases → `model`; `postgres`
//! implements `ports`. Put together in `app` and `process`. `tests/it/arrows.rs` proves who may name whom.
//! No stock and no prices of its own: those are product's.

pub mod app;
pub mod audit;
pub mod checkout;
pub mod config;
#[cfg(not(feature = "fail-points"))]
mod fail_point;
#[cfg(feature = "fail-points")]
pub mod fail_point;
pub mod fulfillment;
pub mod http;
pub mod infrastructure;
pub mod intents;
pub mod orders;
pub mod payments;
pub mod process;
pub mod returns;
pub mod saga;
pub mod shortfalls;
pub mod values;
