//! Fulfillment: the parcels of an order, and telling product that they leave.

mod fulfill_order;
pub mod http;
pub mod model;
pub mod ports;
pub mod postgres;
mod ship_parcels;

pub use fulfill_order::{FulfillOrder, FulfillOrderError, Onlooker, ParcelAction};
pub use ship_parcels::ShipParcels;
