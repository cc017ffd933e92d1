//! The remaining quota of a limit, and its header fields (draft-ietf-httpapi-ratelimit-headers).

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
};

use crate::Problem;

const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A number of requests within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// As clients see it: lower-case letters.
    pub name: &'static str,
    pub limit: u32,
    /// In whole seconds.
    pub window: Duration,
}

/// A policy and the quota that remained for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub policy: Policy,
    pub remaining: u32,
    pub reset_seconds: u32,
}

/// The request exceeds the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rate limit `{}` exceeded", .0.policy.name)]
pub struct Exceeded(pub Quota);

impl From<Exceeded> for Problem {
    fn from(Exceeded(quota): Exceeded) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many requests; the request was not processed. Retry after the time in Retry-After.",
        )
        .with_header(
            header::RETRY_AFTER,
            HeaderValue::from(quota.reset_seconds.max(1)),
        )
    }
}

impl Quota {
    fn fields(&self) -> [(HeaderName, String); 2] {
        let Policy {
            name,
            limit,
            window,
        } = self.policy;
        let policy = format!("\"{name}\";q={limit};w={}", window.as_secs());
        let left = format!("\"{name}\";r={};t={}", self.remaining, self.reset_seconds);
        [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)]
    }
}

/// The limits that one request was counted for. The layer creates it, the use case adds to it, and the layer writes all
/// of it into the response, whatever that is.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Reading>);

#[derive(Debug, Default)]
struct Reading {
    quotas: Mutex<Vec<Quota>>,
    address_forgiven: AtomicBool,
}

impl Meter {
    /// Adds the outcome of a count, and passes it on.
    pub fn record(&self, outcome: Result<Quota, Exceeded>) -> Result<(), Exceeded> {
        let (Ok(quota) | Err(Exceeded(quota))) = outcome;
        let mut quotas = self.0.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        quotas.push(quota);
        outcome.map(drop)
    }

    /// The caller is counted otherwise, so the count of the address is reduced again.
    pub fn forgive_address(&self) {
        self.0.address_forgiven.store(true, Ordering::Relaxed);
    }

    pub(super) fn address_is_forgiven(&self) -> bool {
        self.0.address_forgiven.load(Ordering::Relaxed)
    }

    /// Writes the remaining quota into a response.
    pub fn write(&self, headers: &mut HeaderMap) {
        let quotas = self.0.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, text) in quotas.iter().flat_map(Quota::fields) {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.append(name, value);
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Meter {
    type Rejection = Infallible;

    /// Where no layer has made one, nothing is written.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_is_left_of_every_limit() {
        let quota = |name, limit, seconds, remaining| Quota {
            policy: Policy {
                name,
                limit,
                window: Duration::from_secs(seconds),
            },
            remaining,
            reset_seconds: 7,
        };
        let meter = Meter::default();
        assert!(meter.record(Ok(quota("address", 600, 60, 599))).is_ok());
        assert!(
            meter
                .record(Err(Exceeded(quota("account", 10, 900, 0))))
                .is_err()
        );
        let mut headers = HeaderMap::new();
        meter.write(&mut headers);
        let all = |name| headers.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(
            all(RATE_LIMIT_POLICY),
            ["\"address\";q=600;w=60", "\"account\";q=10;w=900"]
        );
        assert_eq!(
            all(RATE_LIMIT),
            ["\"address\";r=599;t=7", "\"account\";r=0;t=7"]
        );
    }
}
