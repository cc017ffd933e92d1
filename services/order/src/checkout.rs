//! Checkout: from a request for an order, through the stock that is held for it, to the order that is written.

mod admission;
pub mod http;
pub mod model;
mod place_order;
mod place_orders;
mod placement;
pub mod ports;
pub mod postgres;

pub use place_order::{PlaceOrder, QueueLimits};
pub use place_orders::PlaceOrders;
pub use placement::{Command, PlaceOrderError, Placed};
