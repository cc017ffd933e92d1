//! `POST /auth/refresh`

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Problem, ValidJson, limit::Meter, problem::ProblemDocument};

use super::session_view::{SessionAnswer, SessionView, answer};
use crate::{app::App, sessions::session};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "refresh_token": "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E" }))]
pub(crate) struct RefreshSession {
    refresh_token: String,
}

/// Get new tokens for a refresh token
///
/// The token is good once. For 10 seconds, or until its successor is used, it gets the same successor again; used
/// later, it ends the session. Limited per session and account; tokens that are not valid, per address.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body = RefreshSession,
    responses(
        (status = 200, description = "New tokens.", body = SessionView),
        (status = 400, description = "The body is not JSON.", body = ProblemDocument),
        (status = 401, description = "The refresh token is not good, or not any more.", body = ProblemDocument),
        (status = 413, description = "The body is larger than 1 MiB.", body = ProblemDocument),
        (status = 415, description = "The body is not of type JSON.", body = ProblemDocument),
        (status = 422, description = "A field breaks a rule.", body = ProblemDocument),
        (status = 429, description = "Too many tries; retry after the time in Retry-After.", body = ProblemDocument, headers(
            ("Retry-After" = u32, description = "Seconds."),
            ("RateLimit-Policy" = String, description = "Each limit that counted: its quota `q` and window `w` in seconds; in every answer."),
            ("RateLimit" = String, description = "What is left of each, `r`, and seconds until it is whole again, `t`; in every answer."),
        )),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
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
