//! `GET /internal/revocations`

use access::Revoked;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use web::{Problem, QueryParameters};

use crate::{app::App, tokens};

#[derive(Deserialize)]
pub(super) struct Question {
    /// An `as_of` of the feed; without it, the response has all revocations that can still concern a token.
    since: Option<DateTime<Utc>>,
}

/// The feed of revoked access tokens, which the other services poll every second (ORDERS 30).
pub(super) async fn list_revocations(
    State(app): State<App>,
    QueryParameters(question): QueryParameters<Question>,
) -> Result<Json<Revoked>, Problem> {
    Ok(Json(
        tokens::revoked_since(&app.pool, question.since).await?,
    ))
}
