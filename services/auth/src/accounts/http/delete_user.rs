//! `DELETE /users/{id}`

use access::permissions::users;
use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use crate::{
    accounts::{actor::Actor, delete_user::delete_user as delete},
    app::App,
    http::{permitted::Permitted, user_ref::UserRef},
};

/// Delete a user
///
/// Removes the person and keeps the account as an id, which orders, products and the audit log name: e-mail address,
/// username, name, password, addresses, settings, API keys, second factor and the devices of sessions are removed, and all
/// sessions end. Products of a vendor stay. The e-mail address and the username are free afterwards. Other services remove
/// what they have of the user as soon as they do not need it, such as the address of an order that is to be delivered. It
/// cannot be undone. Idempotent.
///
/// The caller's own account is deleted by `POST /auth/account/delete`, which asks for the password.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    tag = "users",
    params(Permitted<users::Delete>, ("id" = inline(UserRef), Path, description = "The user.")),
    responses(
        (status = 204, description = "The account is deleted."),
        (status = 403, description = "The permission is missing, or the user holds permissions over others that the caller does not hold."),
        (status = 409, description = "`own_account`: the user is the caller; or `last_admin`: no other admin is active."),
    )
)]
pub(super) async fn delete_user(
    State(app): State<App>,
    caller: Permitted<users::Delete>,
    PathParameters(user): PathParameters<UserRef>,
) -> Result<StatusCode, Problem> {
    let actor = Actor::from(&**caller);
    let user = user.within(caller.reach, actor.id)?;
    delete(&app, actor, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
