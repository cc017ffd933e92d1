//! Intents: what people ask for under an idempotency key, and how much of it may be under way.

pub mod http;
mod intent_gate;
pub mod ports;
mod wish;

pub use intent_gate::{Crowded, IntentGate, IntentLimits};
pub use wish::Wisher;
