//! `POST /auth/logout`

use access::Caller;
use axum::{extract::State, http::StatusCode};
use web::Problem;

use crate::{
    accounts::model::{SessionId, UserId},
    app::App,
    http::refresh_cookie::{RefreshCookie, SetCookie},
    sessions::{self, model::EndReason},
};

/// Log out
///
/// Ends the session of the access token and invalidates its refresh token, whose cookie is deleted. Idempotent.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The session has ended."),
    )
)]
pub(super) async fn log_out(
    State(app): State<App>,
    caller: Caller,
    cookie: RefreshCookie,
) -> Result<(SetCookie, StatusCode), Problem> {
    let (session, user) = (SessionId(caller.session), UserId(caller.id));
    sessions::end(&app.pool, session, user, EndReason::Logout).await?;
    Ok((cookie.deletion(), StatusCode::NO_CONTENT))
}
