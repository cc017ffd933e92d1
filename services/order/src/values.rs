//! Values that every subject shares: they cannot be wrong, and know nothing but each other.

mod actor;
mod address;
mod backoff;
mod event_type;
mod ids;
mod lease;
mod listing;
mod precondition;
mod quantity;
mod removable;
mod request_identity;
mod sku;
pub(crate) mod states;
pub(crate) mod text;

use std::{error::Error, sync::Arc};

pub use actor::Actor;
pub use address::ShippingAddress;
pub use backoff::Backoff;
pub use event_type::EventType;
pub use ids::{FulfillmentId, OrderId, PaymentId, ProductId, RefundId, ReturnId, SagaId, UserId};
pub use lease::{Lease, Leased, Postponement};
pub use listing::{Listed, Listing, Period, Position, Reader, Start, Window};
pub use postal::Country;
pub use precondition::Precondition;
pub use quantity::{Quantity, QuantityError};
pub use removable::Removable;
pub use request_identity::{Fingerprint, Operation, RequestIdentity, RequestKey};
pub use sku::{Sku, SkuError};
pub use states::UnknownName;
pub use text::{Note, Text, TextError};

/// What failed underneath; shared, since one failure answers a whole batch.
pub type Cause = Arc<dyn Error + Send + Sync>;
