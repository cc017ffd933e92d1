//! The order service: a folder for each subject, with layers inside it: `http` → use cases → `model`; `postgres` implements
//! `ports`. `app` and `process` assemble them, and `tests/it/arrows.rs` checks which layer names which. Stock and prices belong
//! to product.

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
pub mod personal_data;
pub mod process;
pub mod returns;
pub mod saga;
pub mod shortfalls;
pub mod values;
