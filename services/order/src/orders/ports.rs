//! Where orders and their events are kept. A method that writes is one transaction.

mod event_log;
mod orders;
mod orders_with;
mod revisions;

pub use event_log::{EventLog, EventLogError};
pub use orders::{Creation, Listing, Orders, OrdersError, Recorded};
pub use orders_with::OrdersWith;
pub use revisions::{Revisions, Saved};
