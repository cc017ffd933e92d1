//! The payment and its refunds. Pure.

mod filter;
pub(crate) mod payment;
mod payment_method;

pub use filter::PaymentFilter;
pub use payment::{
    CaptureMode, NewPayment, NewRefund, Payment, PaymentDecision, PaymentError, PaymentState,
    Refund, RefundCause, RefundState,
};
pub use payment_method::{
    PaymentMethod, PaymentNameError, ProviderName, ProviderReference, RefusalReason,
};
