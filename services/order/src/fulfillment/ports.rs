//! Where parcels are kept, and the warehouse that they leave.

mod dispatches;
mod shipments;
mod warehouse;

pub use dispatches::Dispatches;
pub use shipments::{Shipments, ShipmentsError};
pub use warehouse::Warehouse;
