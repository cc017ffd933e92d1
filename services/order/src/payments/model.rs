//! Payments, refunds, and the order that they are locked with. Pure.

mod filter;
mod intent_refusal;
mod order_payments;
pub(crate) mod payment;
mod payment_method;
mod refund;

pub use filter::PaymentFilter;
pub use intent_refusal::IntentRefusal;
pub use order_payments::{
    Asked, Changes, LineShipping, OrderPayments, StartedPayment, StoredOrder,
};
pub use payment::{
    CaptureMode, NewPayment, Payment, PaymentDecision, PaymentError, PaymentState, StoredPayment,
};
pub use payment_method::{
    PaymentMethod, PaymentNameError, ProviderName, ProviderReference, RefusalReason,
};
pub use refund::{NewRefund, Refund, RefundCause, RefundState, StoredRefund};
