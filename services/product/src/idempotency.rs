//! A request that says which request it is (`Idempotency-Key`) is done once, and answered alike each time (ORDERS 18).

pub(crate) mod keys;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;
use web::{
    Problem,
    conditional::ETag,
    idempotency::{IdempotencyKey, key_in_use},
};

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
        let fingerprint =
            web::idempotency::fingerprint(request).map_err(|error| Problem::internal(&error))?;
        Ok(Self {
            principal,
            operation,
            key: key.as_str().to_owned(),
            fingerprint,
        })
    }
}

/// What a key stands for when its request arrives.
#[derive(Debug)]
pub enum Claim {
    /// Nobody used it: the transaction holds it now.
    Fresh,
    /// It was answered like this.
    Answered(Answer),
    /// It belongs to another request.
    OfAnotherRequest,
}

/// An answer as it is sent and kept.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub etag: ETag,
    /// JSON.
    pub body: String,
    pub replayed: bool,
}

impl Answer {
    pub fn try_new(
        status: StatusCode,
        location: Option<String>,
        etag: ETag,
        body: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            status,
            location,
            etag,
            body: serde_json::to_string(body)?,
            replayed: false,
        })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let json = [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )];
        let mut response = (self.status, self.etag, json, self.body).into_response();
        let headers = response.headers_mut();
        if let Some(location) = self
            .location
            .and_then(|location| HeaderValue::from_str(&location).ok())
        {
            headers.insert(header::LOCATION, location);
        }
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

/// The keyed requests that this replica is answering.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<[u8; 32]>>>);

/// Ends the flight of its request when dropped.
#[must_use]
pub struct Flight {
    requests: InFlight,
    request: [u8; 32],
}

impl InFlight {
    /// 409 while the first request with this key is being answered.
    pub fn enter(&self, once: &Once) -> Result<Flight, Problem> {
        let request = web::idempotency::hash(&[
            once.principal.as_bytes(),
            once.operation.as_bytes(),
            once.key.as_bytes(),
        ]);
        if self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(request)
        {
            Ok(Flight {
                requests: self.clone(),
                request,
            })
        } else {
            Err(key_in_use())
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.requests
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_is_refused_until_the_first_has_landed() {
        let once = |key: &str| Once {
            principal: Uuid::nil(),
            operation: "test",
            key: key.into(),
            fingerprint: [0; 32],
        };
        let requests = InFlight::default();
        let first = requests.enter(&once("a")).unwrap();
        assert_eq!(
            requests.enter(&once("a")).err().unwrap().code(),
            "idempotency_key_in_use"
        );
        let other = requests.enter(&once("b")).unwrap();
        drop((first, other));
        assert!(requests.enter(&once("a")).is_ok());
    }
}
