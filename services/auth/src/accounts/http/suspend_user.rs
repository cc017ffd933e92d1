//! `POST /users/{id}/suspend`

use access::permissions::users;
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use crate::{
    accounts::{actor::Actor, change_status::suspend},
    app::App,
    http::{permitted::Permitted, user_ref::UserRef, user_view::UserView},
};

/// Suspend a user
///
/// Ends all sessions of the user, who cannot log in until the account is activated. Access tokens and API keys are refused
/// from then on. Idempotent.
#[utoipa::path(
    post,
    path = "/users/{id}/suspend",
    tag = "users",
    params(Permitted<users::Suspend>, ("id" = inline(UserRef), Path, description = "The user.")),
    responses(
        (status = 200, description = "The account, which is suspended.", body = UserView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 403, description = "The permission is missing, or the user holds permissions over others that the caller does not hold."),
        (status = 409, description = "`last_admin`: no other admin is active; or `account_deleted`."),
    )
)]
pub(super) async fn suspend_user(
    State(app): State<App>,
    caller: Permitted<users::Suspend>,
    PathParameters(user): PathParameters<UserRef>,
) -> Result<(ETag, Json<UserView>), Problem> {
    let actor = Actor::from(&**caller);
    let user = suspend(&app, actor, user.of(actor.id)).await?;
    Ok((ETag(user.version), Json(user.into())))
}
