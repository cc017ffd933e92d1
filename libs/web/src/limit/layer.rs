//! The layer of endpoints that are limited by address, before a handler reads anything.

use std::collections::BTreeMap;

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;
use utoipa::{
    IntoResponses,
    openapi::{self, RefOr},
};

use super::{AddressLimiter, ClientAddress, Meter, TrustedProxies};
use crate::{Problem, authorization::carries_token, document::add_header};

/// Which requests [`limit_by_address`] counts, and how.
#[derive(Clone, Debug)]
pub struct AddressGate {
    proxies: TrustedProxies,
    limiter: AddressLimiter,
    guests_only: bool,
}

/// The OpenAPI response of a limited endpoint after too many requests.
pub struct LimitedByAddress;

impl IntoResponses for LimitedByAddress {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let mut answer = openapi::Response::new(
            "`too_many_requests`: too many attempts from this address or for this account; retry after the time in \
             Retry-After.",
        );
        for (name, description) in [
            (
                "RateLimit-Policy",
                "Each limit that applied: its quota `q` and its window `w` in seconds; in every response.",
            ),
            (
                "RateLimit",
                "The remaining quota `r` of each limit and the seconds `t` until it is fully restored; in every response.",
            ),
        ] {
            add_header(&mut answer, name, description);
        }
        BTreeMap::from([("429".to_owned(), answer.into())])
    }
}

impl AddressGate {
    pub fn new(proxies: TrustedProxies, limiter: AddressLimiter) -> Self {
        Self {
            proxies,
            limiter,
            guests_only: false,
        }
    }

    /// Counts reads without a token only: a caller with one is known, and a bad token gets no further than its check.
    pub fn of_guests(proxies: TrustedProxies, limiter: AddressLimiter) -> Self {
        Self {
            guests_only: true,
            ..Self::new(proxies, limiter)
        }
    }

    fn counts(&self, request: &Request) -> bool {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        !self.guests_only || is_read && !carries_token(request.headers())
    }
}

/// For `middleware::from_fn_with_state`. Every response states the remaining quota, refusals included.
pub async fn limit_by_address(
    State(gate): State<AddressGate>,
    mut request: Request,
    next: Next,
) -> Response {
    if !gate.counts(&request) {
        return next.run(request).await;
    }
    let client = ClientAddress(gate.proxies.client(&request));
    let meter = Meter::default();
    let mut response = match meter.record(gate.limiter.count(client.0, Instant::now())) {
        Ok(()) => {
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(meter.clone());
            let response = next.run(request).await;
            if meter.address_is_forgiven() {
                gate.limiter.give_back(client.0, Instant::now());
            }
            response
        }
        Err(exceeded) => Problem::from(exceeded).into_response(),
    };
    meter.write(response.headers_mut());
    response
}
