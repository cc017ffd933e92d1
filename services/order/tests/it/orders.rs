//! The history of orders and its publishing.

pub(crate) mod events;
mod publishing;
