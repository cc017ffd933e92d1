//! The payment and its refunds, and an order as those meet it who pay for it or cancel it. Pure.

mod filter;
mod order_payments;
pub(crate) mod payment;
mod payment_method;
mod refund;

pub use filter::PaymentFilter;
pub use order_payments::{
    Asked, Changes, IntentRefusal, LineShipping, OrderPayments, StartedPayment, StoredOrder,
};
pub use payment::{
    CaptureMode, NewPayment, Payment, PaymentDecision, PaymentError, PaymentState, StoredPayment,
};
pub use payment_method::{
    PaymentMethod, PaymentNameError, ProviderName, ProviderReference, RefusalReason,
};
pub use refund::{NewRefund, Refund, RefundCause, RefundState, StoredRefund};
