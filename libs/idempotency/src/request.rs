//! A request and its key, and what the key stands for.

use axum::http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use uuid::Uuid;
use web::Problem;

use crate::{IdempotencyKey, fingerprint, hash};

/// A request and its key. Names the operation, not the path, so that aliases share it.
#[derive(Clone, Debug)]
pub struct Once {
    pub principal: Uuid,
    pub operation: &'static str,
    pub key: String,
    pub fingerprint: [u8; 32],
}

impl Once {
    /// `request` is all that the request asks for.
    pub fn try_new(
        principal: Uuid,
        operation: &'static str,
        key: &IdempotencyKey,
        request: &impl Serialize,
    ) -> Result<Self, Problem> {
        Ok(Self {
            principal,
            operation,
            key: key.as_str().to_owned(),
            fingerprint: fingerprint(request).map_err(|error| Problem::internal(&error))?,
        })
    }

    pub fn hash(&self) -> [u8; 32] {
        request_hash(self.principal, self.operation, &self.key)
    }
}

/// Which request this is, whatever it asks for: a key is unique for a principal and an operation.
pub fn request_hash(principal: Uuid, operation: &str, key: &str) -> [u8; 32] {
    hash(&[principal.as_bytes(), operation.as_bytes(), key.as_bytes()])
}

/// What a key stands for when its request arrives. It is claimed first in the transaction of the change, so that a request
/// with the same key on another replica waits for it; a change that is rolled back leaves no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim<T> {
    /// It is unused: the transaction holds it now.
    Fresh,
    /// This came of the first request.
    Answered(T),
    /// It belongs to another request.
    OfAnotherRequest,
}

/// The first request with this key has not been answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request with this key is in progress")]
pub struct KeyInUse;

/// The key came with another request before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key was used for a different request")]
pub struct KeyReused;

impl From<KeyInUse> for Problem {
    fn from(_: KeyInUse) -> Self {
        Self::conflict(
            "idempotency_key_in_use",
            "A request with this Idempotency-Key is in progress. Send it again in a moment to get its response.",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }
}

impl From<KeyReused> for Problem {
    fn from(_: KeyReused) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key was used for a different request. Use a new key for a new request.",
        )
    }
}
