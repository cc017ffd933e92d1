//! What the use cases need from outside, in the words of the domain. A method that writes is one transaction;
//! batches go in as slices and come back with an answer for each, in the same order.

mod dispatches;
mod event_log;
mod orders;
mod payment_provider;
mod payment_webhooks;
mod payments;
mod reservations;
mod returns;
mod revisions;
mod saga_desk;
mod sagas;
mod shipments;
mod shortfalls;
mod warehouse;

use std::{error::Error, sync::Arc};

pub use dispatches::Dispatches;
pub use event_log::{EventLog, EventLogError};
pub use orders::{Creation, Listing, Orders, OrdersError, Recorded};
pub use payment_provider::{
    Authorisation, Books, Charge, MoneyOperation, OfferedMethod, OperationAnswer, PaymentProvider,
    ProviderError, RefundOperation,
};
pub use payment_webhooks::{Notice, PaymentWebhooks, Webhook, WebhookError};
pub use payments::{
    Answered, Asked, Cancellations, IntentError, PaymentListing, Payments, Request,
};
pub use reservations::{Misfit, Reservations, ReservationsError, Reserved};
pub use returns::{ReturnSaved, ReturnTurn, ReturnedGoods, Returns};
pub use revisions::{Revisions, Saved};
pub use saga_desk::{Retried, SagaDesk, SagaReport};
pub use sagas::{Sagas, SagasError};
pub use shipments::{Shipments, ShipmentsError};
pub use shortfalls::{OpenPage, OpenShortfalls, Recording, Shortfalls};
pub use warehouse::Warehouse;

/// What failed underneath; shared, since one failure answers a whole batch.
pub type Cause = Arc<dyn Error + Send + Sync>;
