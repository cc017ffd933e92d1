//! The refresh token of a browser in a cookie, which no script can read. It is sent to the endpoints of auth alone, and
//! accepted only from pages of the shop.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;

use super::cookies;
use crate::{sessions::model::REFRESH_SECONDS, tokens::secret::RefreshToken};

const COOKIE: &str = "refresh_token";
/// The canonical one: a browser sends no cookie to the alias `/api/auth`.
const PATH: &str = "/api/v1/auth";

/// Where a client keeps its refresh token. A cookie is for browsers: scripts cannot read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RefreshTokenIn {
    #[default]
    Body,
    Cookie,
}

/// A header of a response, if there is a cookie to set.
pub(crate) type SetCookie = Option<[(HeaderName, HeaderValue); 1]>;

/// The cookie of a request.
pub(crate) struct RefreshCookie {
    token: Option<String>,
    is_from_shop: bool,
}

impl<S: Sync> FromRequestParts<S> for RefreshCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            token: cookies::find(&parts.headers, COOKIE).map(ToOwned::to_owned),
            is_from_shop: is_from_shop(&parts.headers),
        })
    }
}

impl RefreshCookie {
    /// Its token, for a page of the shop.
    pub(crate) fn token(&self) -> Result<&str, Problem> {
        let token = self.token.as_deref().ok_or_else(|| {
            Problem::unauthorized(
                "refresh_token_missing",
                "Send a refresh_token, or log in with refresh_token_in: cookie.",
            )
        })?;
        if self.is_from_shop {
            Ok(token)
        } else {
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                "The cookie is accepted only from pages of this shop: the Origin must have the host of the request.",
            ))
        }
    }

    /// Deletes it, if it was sent.
    pub(crate) fn deletion(&self) -> SetCookie {
        let cookie = self.token.as_ref().and_then(|_| deleting());
        cookie.map(|cookie| [(header::SET_COOKIE, cookie)])
    }
}

/// Whether a page of the shop sent this request. A browser names the origin of the page in every POST, and no page can
/// choose that name or the host. No other origin is allowed: the services have no CORS.
fn is_from_shop(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    let (Some((scheme, authority)), Some(host)) = (origin, text(header::HOST)) else {
        return false;
    };
    matches!(scheme, "http" | "https") && !host.is_empty() && authority.eq_ignore_ascii_case(host)
}

/// The cookie that keeps this token for as long as it is valid.
pub(crate) fn keeping(token: &RefreshToken) -> Option<HeaderValue> {
    cookie(&token.reveal(), REFRESH_SECONDS)
}

pub(crate) fn deleting() -> Option<HeaderValue> {
    cookie("", 0.0)
}

fn cookie(value: &str, max_age: f64) -> Option<HeaderValue> {
    let cookie =
        format!("{COOKIE}={value}; Path={PATH}; Max-Age={max_age}; HttpOnly; Secure; SameSite=Lax");
    HeaderValue::try_from(cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_with_the_host_of_the_request_is_of_the_shop() {
        let seen = |origin: Option<&'static str>, host: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::ORIGIN, origin), (header::HOST, host)] {
                headers.extend(value.map(|value| (name, HeaderValue::from_static(value))));
            }
            is_from_shop(&headers)
        };
        let host = Some("shop.example:8443");
        assert!(seen(Some("https://shop.example:8443"), host));
        assert!(seen(Some("http://SHOP.example:8443"), host));
        for origin in [
            "https://shop.example",
            "https://shop.example:8444",
            "https://www.shop.example:8443",
            "https://shop.example:8443.evil.example",
            "https://evil.example/shop.example:8443",
            "https://user@shop.example:8443",
            "https://shop.example:8443/",
            "ftp://shop.example:8443",
            "shop.example:8443",
            "://shop.example:8443",
            "null",
            "",
        ] {
            assert!(!seen(Some(origin), host), "{origin}");
        }
        assert!(!seen(None, host), "no Origin");
        assert!(!seen(Some("https://shop.example:8443"), None), "no Host");
        assert!(!seen(Some("https://"), Some("")), "neither names a host");
    }
}
