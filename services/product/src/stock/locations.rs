//! Locations: where units are.

pub mod http;
pub mod model;
pub mod postgres;
