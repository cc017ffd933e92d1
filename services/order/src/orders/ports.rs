//! Where orders and their events are kept. A method that writes is one transaction.

mod event_log;
mod orders;
mod orders_with;

pub use event_log::EventLog;
pub use orders::{Listing, Orders, OrdersError, Saved};
pub use orders_with::OrdersWith;
