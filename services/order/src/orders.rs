//! Orders: what was bought, how far it is, what happened to it, and the changes that people make by hand.

mod cancel_order;
mod change_order;
mod change_part;
mod get_order;
pub mod http;
mod list_orders;
pub mod model;
mod order_history;
pub mod ports;
pub mod postgres;
mod publish_events;
mod revise_order;
mod set_order_status;

pub use cancel_order::{CancelOrder, CancelOrderError};
pub use change_part::PartError;
pub(crate) use change_part::{ATTEMPTS, change_known_part, change_part, list_parts};
pub use get_order::{GetOrder, SeenOrder};
pub use list_orders::ListOrders;
pub use order_history::OrderHistory;
pub use publish_events::PublishEvents;
pub use revise_order::{ReviseOrder, ReviseOrderError};
pub use set_order_status::SetOrderStatus;
