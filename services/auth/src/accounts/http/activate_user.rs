//! `POST /users/{id}/activate`

use access::permissions::users;
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use crate::{
    accounts::{actor::Actor, change_status::activate},
    app::App,
    http::{permitted::Permitted, user_ref::UserRef, user_view::UserView},
};

/// Activate a user
///
/// The user of a suspended account may log in again; tokens from before stay invalid. Also admits an account that is
/// pending. Idempotent.
#[utoipa::path(
    post,
    path = "/users/{id}/activate",
    tag = "users",
    params(Permitted<users::Suspend>, ("id" = inline(UserRef), Path, description = "The user.")),
    responses(
        (status = 200, description = "The account, which is active.", body = UserView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 403, description = "The permission is missing, or the user holds permissions over others that the caller does not hold."),
        (status = 409, description = "`account_deleted`."),
    )
)]
pub(super) async fn activate_user(
    State(app): State<App>,
    caller: Permitted<users::Suspend>,
    PathParameters(user): PathParameters<UserRef>,
) -> Result<(ETag, Json<UserView>), Problem> {
    let actor = Actor::from(&**caller);
    let user = activate(&app, actor, user.of(actor.id)).await?;
    Ok((ETag(user.version), Json(user.into())))
}
