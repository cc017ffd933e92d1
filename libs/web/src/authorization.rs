//! How a request carries an access token: `Authorization`, or its compatibility alias `Authentication`.

use axum::http::{HeaderMap, HeaderName, header::AUTHORIZATION};

const AUTHENTICATION: HeaderName = HeaderName::from_static("authentication");

/// Whether a request carries a token, good or bad.
pub fn carries_token(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || headers.contains_key(AUTHENTICATION)
}

/// Whether a request carries several tokens: a proxy may have checked another one than this service would.
pub fn is_ambiguous(headers: &HeaderMap) -> bool {
    let count = |name| headers.get_all(name).iter().count();
    count(AUTHORIZATION) + count(AUTHENTICATION) > 1
}
