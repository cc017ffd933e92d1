//! The device token of a login: presented in a header, or by a browser in a cookie, and returned by a login.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, request::Parts},
};
use std::convert::Infallible;

use super::cookies;
use crate::{
    app::App,
    sessions::device::{Device, REMEMBERED},
};

const HEADER: &str = "device-token";
const COOKIE: &str = "device_token";

/// The device that a request comes from, if this server issued its token; an invalid token counts as none.
pub(crate) struct PresentedDevice(pub(crate) Option<Device>);

impl FromRequestParts<App> for PresentedDevice {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let presented = of_header(&parts.headers).or_else(|| cookies::find(&parts.headers, COOKIE));
        let read = |token| Device::read(token, &app.server_key, app.clock.now());
        Ok(Self(presented.and_then(read)))
    }
}

fn of_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(HEADER)?.to_str().ok()
}

/// The cookie is hidden from scripts, sent with requests of the same site only, and only to the API.
pub(crate) fn cookie(token: &str) -> Option<HeaderValue> {
    let cookie = format!(
        "{COOKIE}={token}; Path=/api; Max-Age={}; Secure; HttpOnly; SameSite=Strict",
        REMEMBERED.num_seconds()
    );
    HeaderValue::try_from(cookie).ok()
}
