//! The order and its rules: values that cannot be wrong, and state changes as methods.
//! Pure: no clock, no database, no HTTP, and nothing of ours but `money` and the ids.

mod address;
mod backoff;
mod event;
mod ids;
mod listing;
mod order;
mod payment_method;
mod quantity;
mod request;
mod reservation;
mod revision;
mod saga;
mod sku;
mod state;
mod text;
mod totals;

pub use address::{Country, CountryError, ShippingAddress};
pub use backoff::{Backoff, Spread};
pub use event::{Actor, EventType, NewEvent, PartitionLease, PastEvent, Published};
pub use ids::{OrderId, PaymentId, ProductId, RefundId, UserId};
pub use listing::{OrderFilter, Reader, Start, Window};
pub use order::{NewOrder, Order, OrderLine};
pub use payment_method::{
    PaymentMethod, PaymentNameError, ProviderName, ProviderReference, RefusalReason,
};
pub use quantity::{Quantity, QuantityError};
pub use request::{
    LinesError, Note, OrderRequest, ProductReference, RequestedLine, RequestedLines,
};
pub use reservation::{
    CommitOutcome, Fingerprint, HeldLine, MissingStock, Operation, ReleaseOutcome, RequestIdentity,
    RequestKey, ReservationRequest, Verdict,
};
pub use revision::{AddressChange, OrderChange, Precondition, Removable, RevisionError};
pub use saga::{Backlog, Lease, Postponement, Settled, Settlement, Turn};
pub use sku::{Sku, SkuError};
pub use state::{
    CancelReason, FulfillmentStatus, OrderEvent, OrderState, PaymentStatus, Status,
    TransitionError, UnknownName,
};
pub use text::{Text, TextError};
pub use totals::Totals;
