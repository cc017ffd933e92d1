//! `GET /internal/revocations`

use access::Revoked;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use web::{Problem, QueryParameters};

use crate::{app::App, tokens};

#[derive(Deserialize)]
pub(super) struct Question {
    /// A time of the feed's own; without it the answer is all that can still matter.
    since: Option<DateTime<Utc>>,
}

/// What other services ask every second: which access tokens count no more (ORDERS 30).
pub(super) async fn list_revocations(
    State(app): State<App>,
    QueryParameters(question): QueryParameters<Question>,
) -> Result<Json<Revoked>, Problem> {
    Ok(Json(
        tokens::revoked_since(&app.pool, question.since).await?,
    ))
}
