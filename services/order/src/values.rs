//! Values that every subject shares: they cannot be wrong, and know nothing but each other.

mod actor;
mod address;
mod backoff;
mod causes;
mod event_type;
mod ids;
mod lease;
mod listing;
mod note;
mod precondition;
mod quantity;
mod removable;
mod request_identity;
mod sku;
pub(crate) mod states;
mod text;

pub use actor::Actor;
pub use address::{Country, CountryError, ShippingAddress};
pub use backoff::Backoff;
pub use causes::Cause;
pub use event_type::EventType;
pub use ids::{FulfillmentId, OrderId, PaymentId, ProductId, RefundId, ReturnId, SagaId, UserId};
pub use lease::{Lease, Leased, Postponement};
pub use listing::{Period, Reader, Start, Window};
pub use note::Note;
pub use precondition::Precondition;
pub use quantity::{Quantity, QuantityError};
pub use removable::Removable;
pub use request_identity::{Fingerprint, Operation, RequestIdentity, RequestKey};
pub use sku::{Sku, SkuError};
pub use states::UnknownName;
pub use text::{Text, TextError};
