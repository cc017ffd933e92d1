//! Orders: what was bought, how far it is, what happened to it, and the changes that people make by hand.

mod cancel_order;
mod change_part;
pub mod http;
pub mod model;
pub mod ports;
pub mod postgres;
mod publish_events;
mod read_orders;
mod revise_order;

pub use cancel_order::{CancelOrder, CancelOrderError};
pub use change_part::PartError;
pub(crate) use change_part::{ATTEMPTS, change_known_part, change_part, into_part, list_parts};
pub use publish_events::PublishEvents;
pub use read_orders::{ReadOrders, SeenOrder};
pub use revise_order::{ReviseOrder, ReviseOrderError};
