//! The response of register, login and refresh: tokens and their user. No cache may store it.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, header},
    response::AppendHeaders,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    device_token,
    refresh_cookie::{self, RefreshTokenIn},
    user_view::UserView,
};
use crate::{app::App, sessions::session::Tokens, tokens::model::ACCESS_SECONDS};

#[derive(Serialize, ToSchema)]
#[schema(as = Session, example = json!({
    "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwOi8vc2hvcC5sb2NhbGhvc3QifQ.c2lnbmF0dXJl",
    "refresh_token": "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E", "token_type": "Bearer", "expires_in": 900,
    "device_token": "AQcHBwcHBwcHBwcHBwcHBwcBkyxefSp8Pp8AAkKsEgACAAAAAAAAAAAAAAAAadpAIGY2v0mB9Z5fJmVZC6vY0uGZrJ7pN0y3Q1tXkUeRzHc",
    "mfa_enrollment_required": false,
    "user": {
        "id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "email": "ann@example.com", "email_verified": true,
        "username": "ann", "full_name": "Ann Example", "roles": ["customer"], "status": "active",
        "created_at": "2026-11-21T08:30:00Z",
    },
}))]
pub(crate) struct SessionView {
    /// A JWT (RFC 9068), signed with ES256.
    access_token: String,
    /// Opaque; valid for seven days and for one refresh. Absent if it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    #[schema(value_type = String)]
    token_type: &'static str,
    /// Lifetime of the access token in seconds.
    expires_in: i64,
    /// Send it with the next login in the header `Device-Token`, so that failed attempts by other clients do not lock
    /// this device out. Valid for one year, or until the password, the roles or the status of the account change; browsers also
    /// get it as a cookie. Absent after a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    device_token: Option<String>,
    /// True if the shop requires a second factor of this account and it has none: the access token has the permissions of a
    /// customer or vendor at most, until an app is confirmed with the endpoints below `/auth/mfa` and the token is refreshed.
    mfa_enrollment_required: bool,
    user: UserView,
}

/// The view, with the cookies of the device token and of the refresh token if there are such.
pub(crate) type SessionAnswer = (
    AppendHeaders<Vec<(HeaderName, HeaderValue)>>,
    Json<SessionView>,
);

pub(crate) fn answer(app: &App, tokens: Tokens, refresh_token_in: RefreshTokenIn) -> SessionAnswer {
    let device_token = tokens
        .device
        .map(|device| device.sign(&app.server_key, app.clock.now()));
    let device_cookie = device_token.as_deref().and_then(device_token::cookie);
    let (refresh_token, refresh_cookie) = match refresh_token_in {
        RefreshTokenIn::Body => (Some(tokens.refresh.reveal()), None),
        RefreshTokenIn::Cookie => (None, refresh_cookie::keeping(&tokens.refresh)),
    };
    let cookies = device_cookie.into_iter().chain(refresh_cookie);
    let cookies = cookies.map(|cookie| (header::SET_COOKIE, cookie));
    let view = SessionView {
        access_token: tokens.access,
        refresh_token,
        token_type: "Bearer",
        expires_in: ACCESS_SECONDS,
        device_token,
        mfa_enrollment_required: app.require_mfa.lacks(&tokens.user),
        user: tokens.user.into(),
    };
    (AppendHeaders(cookies.collect()), Json(view))
}
