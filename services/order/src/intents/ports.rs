//! What people ask for under a key, and what may come of it (ORDERS 18).

use std::time::Instant;

use crate::{
    payments::model::IntentRefusal,
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
    /// From when on its transactions are tried again for as long as patience lasts.
    pub begun: Instant,
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
