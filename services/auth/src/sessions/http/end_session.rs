//! `DELETE /auth/sessions/{id}`

use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use crate::{
    accounts::model::SessionId,
    app::App,
    http::signed_in::SignedIn,
    sessions::{self, model::EndReason},
};

/// End one of the caller's sessions
///
/// Invalidates its tokens, such as those of a lost device. Idempotent: a session that has ended is answered with 204
/// as well, for as long as its last refresh token would have been valid.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    tag = "auth",
    security(("bearer" = [])),
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 204, description = "The session has ended."),
    )
)]
pub(super) async fn end_session(
    State(app): State<App>,
    caller: SignedIn,
    PathParameters(session): PathParameters<SessionId>,
) -> Result<StatusCode, Problem> {
    let known = sessions::end(&app.pool, session, caller.user.id, EndReason::Revoked).await?;
    known
        .then_some(StatusCode::NO_CONTENT)
        .ok_or_else(Problem::not_found)
}
