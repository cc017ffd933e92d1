//! Payments, refunds, and the order that they are locked with. Pure.

mod intent_refusal;
mod order_payments;
pub(crate) mod payment;
mod payment_method;
mod refund;

pub use intent_refusal::IntentRefusal;
pub use order_payments::{
    Asked, Changes, LineShipping, OrderPayments, StartedPayment, StoredOrder,
};
pub use payment::{
    CaptureMode, NewPayment, Payment, PaymentDecision, PaymentError, PaymentFilter, PaymentState,
    StoredPayment,
};
pub use payment_method::{
    PaymentMethod, PaymentNameError, ProviderName, ProviderReference, RefusalReason,
};
pub use refund::{NewRefund, Refund, RefundCause, RefundState, StoredRefund};
