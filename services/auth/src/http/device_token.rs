//! The device token of a login: presented in a header, or by a browser in a cookie, and returned by a login.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use std::convert::Infallible;

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
        let presented = of_header(&parts.headers).or_else(|| of_cookie(&parts.headers));
        let read = |token| Device::read(token, &app.server_key, app.clock.now());
        Ok(Self(presented.and_then(read)))
    }
}

fn of_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(HEADER)?.to_str().ok()
}

fn of_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim() == COOKIE)
        .map(|(_, token)| token.trim())
}

/// The cookie is hidden from scripts, sent with requests of the same site only, and only to the API.
pub(crate) fn cookie(token: &str) -> Option<HeaderValue> {
    let cookie = format!(
        "{COOKIE}={token}; Path=/api; Max-Age={}; Secure; HttpOnly; SameSite=Strict",
        REMEMBERED.num_seconds()
    );
    HeaderValue::try_from(cookie).ok()
}
