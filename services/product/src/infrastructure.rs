//! What the subjects share of the world outside.

pub mod postgres;
