//! The order and its rules. Pure: no clock, no database, no HTTP.

mod event;
mod merchant;
mod order;
mod part;
mod revision;
mod state;
mod totals;

pub use event::{NewEvent, PartitionLease, PastEvent, Published};
pub use merchant::Merchant;
pub use order::{Order, OrderFilter, OrderLine, StoredOrder};
pub use part::{LineUnits, OrderPart, OrderWith, PartLine, Selection, SelectionError, Viewer};
pub use revision::{AddressChange, OrderChange, RevisionError};
pub use state::{
    CancelReason, FulfillmentStatus, Hold, OrderState, PaymentStatus, Status, StoredState,
    TransitionError,
};
pub use totals::Totals;
