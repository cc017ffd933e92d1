//! Payments and refunds, and the providers that move the money.

mod annotate_payment;
mod decide_payment;
pub mod http;
pub mod model;
mod payment_terms;
pub mod ports;
pub mod postgres;
pub mod providers;
mod read_payments;
mod record_provider_result;
mod refund_payment;
mod start_payment;

pub use annotate_payment::AnnotatePayment;
pub use decide_payment::DecidePayment;
pub use payment_terms::PaymentTerms;
pub use read_payments::ReadPayments;
pub use record_provider_result::RecordProviderResult;
pub use refund_payment::RefundPayment;
pub use start_payment::{StartPayment, StartPaymentError};
