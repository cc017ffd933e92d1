//! Why an intent about an order or its payment is refused.

use super::PaymentError;
use crate::orders::model::Status;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IntentRefusal {
    #[error("no such payment")]
    NoPayment,
    #[error("the payment has another version")]
    Stale,
    /// Nothing is to be paid, or not any more.
    #[error("the order is not waiting for a payment")]
    NotPayable,
    #[error("an order that is {} cannot be cancelled", _0.as_str())]
    NotCancellable(Status),
    #[error("the order is completely shipped, or about to be")]
    WhollyShipped,
    #[error(transparent)]
    Payment(#[from] PaymentError),
}
