//! What the subjects share of the world outside.

pub(crate) mod postgres;
