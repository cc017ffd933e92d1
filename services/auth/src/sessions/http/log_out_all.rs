//! `POST /auth/logout-all`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Problem, QueryParameters};

use crate::{
    app::App,
    http::{
        refresh_cookie::{RefreshCookie, SetCookie},
        signed_in::SignedIn,
    },
    sessions::log_out_all,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LogOutAll {
    /// Whether the session of this request goes on; false by default.
    keep_current: Option<bool>,
}

/// Log out everywhere
///
/// Ends all sessions of the caller and invalidates their tokens, those of this request too unless `keep_current` is true.
/// The cookie of a session that has ended is deleted.
#[utoipa::path(
    post,
    path = "/auth/logout-all",
    tag = "auth",
    security(("bearer" = [])),
    params(LogOutAll),
    responses(
        (status = 204, description = "The sessions have ended."),
    )
)]
pub(super) async fn log_out_all(
    State(app): State<App>,
    caller: SignedIn,
    cookie: RefreshCookie,
    QueryParameters(query): QueryParameters<LogOutAll>,
) -> Result<(SetCookie, StatusCode), Problem> {
    let kept = query
        .keep_current
        .unwrap_or(false)
        .then_some(caller.session);
    log_out_all::log_out_all(&app, caller.user.id, kept).await?;
    let deletion = if kept.is_some() {
        None
    } else {
        cookie.deletion()
    };
    Ok((deletion, StatusCode::NO_CONTENT))
}
