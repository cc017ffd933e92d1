//! `POST /auth/refresh`

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{LimitedByAddress, Meter},
};

use crate::{
    app::App,
    http::session_view::{SessionAnswer, SessionView, answer},
    sessions::session,
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "refresh_token": "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E" }))]
pub(crate) struct RefreshSession {
    refresh_token: String,
}

/// Get new tokens for a refresh token
///
/// A refresh token can be used once. For 10 seconds, or until its successor is used, repeating the request returns the
/// same successor; a later use ends the session. Limited per session and account; invalid tokens are limited per client
/// address.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body = RefreshSession,
    responses(
        (status = 200, description = "New tokens.", body = SessionView),
        (status = 401, description = "The refresh token is invalid or has expired."),
        LimitedByAddress,
    )
)]
pub(super) async fn refresh_session(
    State(app): State<App>,
    meter: Meter,
    ValidJson(request): ValidJson<RefreshSession>,
) -> Result<SessionAnswer, Problem> {
    let tokens = session::refresh(&app, &request.refresh_token, &meter).await?;
    Ok(answer(&app, tokens))
}
