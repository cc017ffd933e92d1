//! The history of orders and its publishing.

mod erasure;
pub(crate) mod events;
mod publishing;
