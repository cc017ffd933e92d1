//! `GET /users/{id}/settings`

use access::permissions::users;
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use crate::{
    accounts::model::UserId,
    app::App,
    http::{permitted::Permitted, settings_view::SettingsView, user_ref::UserRef},
    settings,
};

/// Get a user's settings
///
/// A user who has not chosen any has the defaults, with the ETag `"0"`. Users read their own, admins those of everyone.
#[utoipa::path(
    get,
    path = "/users/{id}/settings",
    tag = "users",
    params(Permitted<users::Read>, ("id" = inline(UserRef), Path, description = "The user; `me` is the caller.")),
    responses(
        (status = 200, description = "The settings.", body = SettingsView, headers(("ETag" = String, description = "Their version, for If-Match."))),
    )
)]
pub(super) async fn get_settings(
    State(app): State<App>,
    caller: Permitted<users::Read>,
    PathParameters(user): PathParameters<UserRef>,
) -> Result<(ETag, Json<SettingsView>), Problem> {
    let user = user.within(caller.reach, UserId(caller.id))?;
    let found = settings::find(&app.pool, user).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok((ETag(found.version), Json(found.into())))
}
