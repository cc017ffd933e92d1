//! What the subjects share of the world outside.

pub(crate) mod http;
pub mod postgres;
