//! How a request carries an access token: `Authorization`, or its compatibility alias `Authentication`.

use axum::http::HeaderMap;

/// Whether a request carries a token, good or bad.
pub fn carries_token(headers: &HeaderMap) -> bool {
    headers.contains_key("authorization") || headers.contains_key("authentication")
}

/// Whether a request carries several tokens: whoever stands in between may have looked at another one than we would.
pub fn is_ambiguous(headers: &HeaderMap) -> bool {
    let count = |name| headers.get_all(name).iter().count();
    count("authorization") + count("authentication") > 1
}
