//! How often one may try: per account, counted in the database, and per address, counted in this process (ORDERS 34).

pub mod account;
pub mod address;
pub mod client_address;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use web::Problem;

pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What is left of a limit, as the header fields of draft-ietf-httpapi-ratelimit-headers say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The policy's name: `account` or `address`.
    pub name: &'static str,
    pub limit: u32,
    pub window_seconds: u32,
    pub remaining: u32,
    pub reset_seconds: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    #[error("the {} limit is reached", .0.name)]
    Exceeded(Quota),
    #[error("attempts cannot be counted")]
    Database(#[from] sqlx::Error),
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded(quota) => quota.headers().into_iter().fold(
                Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_requests",
                    "Too many requests. Nothing was done; try again after the time in Retry-After.",
                )
                .with_header(
                    header::RETRY_AFTER,
                    HeaderValue::from(quota.reset_seconds.max(1)),
                ),
                |problem, (name, value)| problem.with_header(name, value),
            ),
            LimitError::Database(error) => postgres::problem(&error),
        }
    }
}

impl Quota {
    pub(crate) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let policy = format!(
            "\"{}\";q={};w={}",
            self.name, self.limit, self.window_seconds
        );
        let left = format!(
            "\"{}\";r={};t={}",
            self.name, self.remaining, self.reset_seconds
        );
        [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)))
            .collect()
    }
}
