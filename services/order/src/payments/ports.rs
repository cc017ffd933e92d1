//! Where payments are kept, and who moves the money.

mod payment_provider;
mod payment_webhooks;
mod payments;

pub use payment_provider::{
    Authorisation, Charge, MoneyOperation, OfferedMethod, OperationAnswer, PaymentProvider,
    ProviderError, ProviderRecord, RefundOperation,
};
pub use payment_webhooks::{Notice, Webhook, WebhookError};
pub use payments::{Done, Intent, PaymentListing, Payments};
