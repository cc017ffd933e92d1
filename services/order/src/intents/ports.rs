//! What people ask for under a key, and what may come of it (ORDERS 18).

use crate::{
    orders::model::Status,
    payments::model::{IntentRefusal, PaymentError},
    values::{Actor, Cause, Fingerprint, Reader, RequestIdentity},
};

/// Who asks for what, under which key.
#[derive(Clone, Debug)]
pub struct Request {
    pub identity: RequestIdentity,
    pub fingerprint: Fingerprint,
    pub actor: Actor,
    /// Whose orders the caller may change.
    pub reader: Reader,
}

/// What a request came to, and whether an earlier one with the same key had done it.
#[derive(Clone, Copy, Debug)]
pub struct Answered<T> {
    pub result: T,
    pub replayed: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// Absent, or somebody else's.
    #[error("no such order or payment")]
    NotFound,
    #[error("the key was used for a different request")]
    KeyReused,
    #[error("the resource has another version")]
    Stale,
    /// Nothing is to be paid, or not any more.
    #[error("the order is not waiting for a payment")]
    NotPayable,
    #[error("the order already has a payment")]
    PaymentExists,
    #[error("an order that is {} cannot be cancelled", _0.as_str())]
    NotCancellable(Status),
    #[error("the order is completely shipped, or about to be")]
    WhollyShipped,
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// Trying again may help.
    #[error("the payment database is not available")]
    Unavailable(#[source] Cause),
    #[error("unexpected data or query in the payment database")]
    Defect(#[source] Cause),
}

impl From<IntentRefusal> for IntentError {
    fn from(refusal: IntentRefusal) -> Self {
        match refusal {
            IntentRefusal::NoPayment => Self::NotFound,
            IntentRefusal::Stale => Self::Stale,
            IntentRefusal::NotPayable => Self::NotPayable,
            IntentRefusal::NotCancellable(status) => Self::NotCancellable(status),
            IntentRefusal::WhollyShipped => Self::WhollyShipped,
            IntentRefusal::Payment(error) => Self::Payment(error),
        }
    }
}
