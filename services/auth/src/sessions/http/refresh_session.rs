//! `POST /auth/refresh`

use axum::{extract::State, http::header};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{
    app::App,
    http::{
        refresh_cookie::{self, RefreshCookie, RefreshTokenIn},
        session_view::{SessionAnswer, SessionView, answer},
    },
    sessions::session::{self, RefreshError},
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "refresh_token": "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E" }))]
pub(crate) struct RefreshSession {
    /// Absent: the token is in the cookie `refresh_token`.
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = String, required = false)]
    refresh_token: Option<String>,
}

/// Get new tokens for a refresh token
///
/// A refresh token can be used once. For 10 seconds, or until its successor is used, repeating the request returns the
/// same successor; a later use ends the session. Limited per session and account; invalid tokens are limited per client
/// address. A browser that keeps the token in the cookie sends `{}` or no body, from a page of this shop (`Origin`), and
/// gets the next token in the cookie; the cookie of an invalid token is deleted.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body = RefreshSession,
    responses(
        (status = 200, description = "New tokens.", body = SessionView),
        (status = 401, description = "The refresh token is invalid or has expired, or neither the body nor a cookie has one."),
        (status = 403, description = "`origin_not_allowed`: the cookie was sent by a page of another site, or without an Origin."),
        LimitedByAddress,
    )
)]
pub(super) async fn refresh_session(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    meter: Meter,
    cookie: RefreshCookie,
    request: Option<ValidJson<RefreshSession>>,
) -> Result<SessionAnswer, Problem> {
    let in_body = request.and_then(|ValidJson(request)| request.refresh_token);
    let (token, token_in) = match &in_body {
        Some(token) => (token.as_str(), RefreshTokenIn::Body),
        None => (cookie.token()?, RefreshTokenIn::Cookie),
    };
    let refreshed = session::refresh(&app, token, address.into(), &meter).await;
    let tokens = refreshed.map_err(|error| refusal(error, token_in))?;
    Ok(answer(&app, tokens, token_in))
}

/// An invalid token stays invalid, so its cookie is deleted.
fn refusal(error: RefreshError, token_in: RefreshTokenIn) -> Problem {
    let is_invalid = matches!(error, RefreshError::Invalid);
    let problem = Problem::from(error);
    match refresh_cookie::deleting() {
        Some(cookie) if is_invalid && token_in == RefreshTokenIn::Cookie => {
            problem.with_header(header::SET_COOKIE, cookie)
        }
        Some(_) | None => problem,
    }
}
