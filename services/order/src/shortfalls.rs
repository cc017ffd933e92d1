//! Shortfalls: units that product has not any more, though orders had committed them.

mod handle_shortfalls;
pub mod model;
pub mod ports;
pub mod postgres;

pub use handle_shortfalls::{HandleShortfalls, ShortfallRound};
