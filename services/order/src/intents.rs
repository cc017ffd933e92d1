//! Intents: changes that are requested under an idempotency key, and how many of them may be in progress.

pub mod http;
mod intent_gate;
pub mod ports;
mod requester;

pub use intent_gate::{Crowded, IntentGate, IntentLimits};
pub use requester::Requester;
