//! The order and its rules: values that cannot be wrong, and state changes as methods.
//! Pure: no clock, no database, no HTTP, and nothing of ours but `money` and the ids.

mod address;
mod backoff;
mod decision;
mod event;
mod fulfillment;
mod goods_return;
mod ids;
mod listing;
mod merchant;
mod order;
mod parcel;
mod payment;
mod payment_method;
mod progress;
mod quantity;
mod request;
mod reservation;
mod revision;
mod saga;
mod shortfall;
mod sku;
mod state;
mod text;
mod totals;
mod unpaid_units;

pub use address::{Country, CountryError, ShippingAddress};
pub use backoff::{Backoff, Spread};
pub use decision::{Action, Step};
pub use event::{Actor, EventType, NewEvent, PartitionLease, PastEvent, Published};
pub use fulfillment::{
    Dispatch, Fulfillment, FulfillmentError, FulfillmentState, FulfillmentStep, LineUnits,
    NewFulfillment, Packing, PackingError, ParcelLine, ParcelStep, Tracking, TrackingUrl,
    TrackingUrlError, shipping_status,
};
pub use goods_return::{
    NewReturn, Return, ReturnAction, ReturnChange, ReturnError, ReturnReason, ReturnState,
    ReturnStep,
};
pub use ids::{FulfillmentId, OrderId, PaymentId, ProductId, RefundId, ReturnId, SagaId, UserId};
pub use listing::{OrderFilter, PaymentFilter, Reader, Start, Window};
pub use merchant::Merchant;
pub use order::{NewOrder, Order, OrderLine};
pub use parcel::{Parcel, ParcelLease, ParcelOutcome, ParcelRefusal, ParcelTurn};
pub use payment::{
    CaptureMode, NewPayment, NewRefund, Payment, PaymentDecision, PaymentError, PaymentState,
    Refund, RefundCause, RefundState,
};
pub use payment_method::{
    PaymentMethod, PaymentNameError, ProviderName, ProviderReference, RefusalReason,
};
pub use progress::{Impossible, Progress};
pub use quantity::{Quantity, QuantityError};
pub use request::{
    LinesError, Note, OrderRequest, ProductReference, RequestedLine, RequestedLines,
};
pub use reservation::{
    CommitOutcome, ExtendOutcome, Fingerprint, HeldLine, MissingStock, Operation, ReleaseOutcome,
    RequestIdentity, RequestKey, ReservationRequest, Verdict,
};
pub use revision::{AddressChange, OrderChange, Precondition, Removable, RevisionError};
pub use saga::{
    Backlog, Change, Facts, Lane, Lease, Next, Parcels, PayWindow, Postponement, Settled,
    Settlement, Turn,
};
pub use shortfall::{LineLeft, ShortOrder, Shortfall};
pub use sku::{Sku, SkuError};
pub use state::{
    CancelReason, FulfillmentStatus, Hold, OrderState, PaymentStatus, Status, TransitionError,
    UnknownName,
};
pub use text::{Text, TextError};
pub use totals::Totals;
pub use unpaid_units::{OwingUnits, TooManyUnpaidUnits, UnpaidUnits};
