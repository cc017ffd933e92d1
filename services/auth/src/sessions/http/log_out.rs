//! `POST /auth/logout`

use access::Caller;
use axum::{extract::State, http::StatusCode};
use web::Problem;

use crate::{
    accounts::model::{SessionId, UserId},
    app::App,
    sessions::{self, model::EndReason},
};

/// Log out
///
/// Ends the session of the access token and invalidates its refresh token. Idempotent.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The session has ended."),
    )
)]
pub(super) async fn log_out(State(app): State<App>, caller: Caller) -> Result<StatusCode, Problem> {
    let (session, user) = (SessionId(caller.session), UserId(caller.id));
    sessions::end(&app.pool, session, user, EndReason::Logout).await?;
    Ok(StatusCode::NO_CONTENT)
}
