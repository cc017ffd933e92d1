//! Where payments are kept, and who moves the money.

mod payment_provider;
mod payment_webhooks;
mod payments;

pub use payment_provider::{
    Authorisation, Books, Charge, MoneyOperation, OfferedMethod, OperationAnswer, PaymentProvider,
    ProviderError, RefundOperation,
};
pub use payment_webhooks::{Notice, PaymentWebhooks, Webhook, WebhookError};
pub use payments::{Done, Intent, PaymentListing, Payments};
