//! Requests under an idempotency key, and their results (ORDERS 18).

use std::time::Instant;

use crate::{
    payments::model::IntentRefusal,
    values::{Actor, Cause, Fingerprint, Reader, RequestIdentity},
};

/// A request for a change, and its key.
#[derive(Clone, Debug)]
pub struct Request {
    pub identity: RequestIdentity,
    pub fingerprint: Fingerprint,
    pub actor: Actor,
    /// Whose orders the caller may change.
    pub reader: Reader,
    /// When it began: its transactions are tried again until its time is over.
    pub begun: Instant,
}

/// The result of a request, and whether an earlier one with the same key had produced it.
#[derive(Clone, Copy, Debug)]
pub struct Answered<T> {
    pub result: T,
    pub replayed: bool,
}

impl<T> Answered<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answered<U> {
        Answered {
            result: change(self.result),
            replayed: self.replayed,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// Absent, or it belongs to another user.
    #[error("no such order or payment")]
    NotFound,
    #[error("the key was used for a different request")]
    KeyReused,
    #[error("the order already has a payment")]
    PaymentExists,
    #[error(transparent)]
    Refused(#[from] IntentRefusal),
    /// Trying again may help.
    #[error("the payment database is not available")]
    Unavailable(#[source] Cause),
    #[error("unexpected data or query in the payment database")]
    Defect(#[source] Cause),
}
