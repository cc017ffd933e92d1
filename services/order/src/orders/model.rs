//! The order and its rules. Pure: no clock, no database, no HTTP.

mod anonymization;
mod event;
mod order;
mod part;
mod revision;
mod seller;
mod state;
mod totals;

pub use anonymization::{MoneyUnderWay, UnderWay};
pub use event::{NewEvent, PartitionLease, PastEvent, Published};
pub use order::{Order, OrderFilter, OrderLine, StoredOrder};
pub use part::{LineUnits, OrderPart, OrderWith, PartLine, Selection, SelectionError, Viewer};
pub use revision::{AddressChange, OrderChange, RevisionError};
pub use seller::Seller;
pub use state::{
    CancelReason, FulfillmentStatus, Hold, OrderState, PaymentStatus, Status, StoredState,
    TransitionError,
};
pub use totals::Totals;
