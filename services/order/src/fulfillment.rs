//! Fulfillment: what is owed of an order and what was shipped, and the reports to product of goods that leave or come back.

mod fulfill_order;
pub mod http;
pub mod model;
mod move_stock;
pub mod ports;
pub mod postgres;
mod ship_fulfillments;

pub use fulfill_order::{FulfillOrder, FulfillOrderError};
pub use move_stock::{Direction, MoveStock};
pub use ship_fulfillments::ShipFulfillments;
