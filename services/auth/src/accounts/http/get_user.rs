//! `GET /users/{id}`

use access::permissions::users;
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use crate::{
    accounts::{self, model::UserId},
    app::App,
    http::{permitted::Permitted, user_ref::UserRef, user_view::UserView},
};

/// Get a user
///
/// Users see their own account, admins all.
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "users",
    params(Permitted<users::Read>, ("id" = inline(UserRef), Path, description = "The user; `me` for the caller.")),
    responses(
        (status = 200, description = "The account.", body = UserView, headers(("ETag" = String, description = "Its version, for If-Match."))),
    )
)]
pub(super) async fn get_user(
    State(app): State<App>,
    caller: Permitted<users::Read>,
    PathParameters(user): PathParameters<UserRef>,
) -> Result<(ETag, Json<UserView>), Problem> {
    let id = user.within(caller.reach, UserId(caller.id))?;
    let user = accounts::find(&app.pool, id).await?;
    let user = user.ok_or_else(Problem::not_found)?;
    Ok((ETag(user.version), Json(user.into())))
}
