//! `DELETE /users/{id}/roles/{role}`

use access::permissions;
use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use crate::{
    accounts::model::UserId,
    app::App,
    http::{permitted::Permitted, user_ref::UserRef},
    roles::{assign_role as assigning, model::RoleName},
};

/// Remove a role from a user
///
/// It ends the user's access tokens: the user refreshes them.
#[utoipa::path(
    delete,
    path = "/users/{id}/roles/{role}",
    tag = "roles",
    params(
        Permitted<permissions::users::AssignRoles>,
        ("id" = inline(UserRef), Path, description = "The user's id, or `me`."),
        ("role" = RoleName, Path, description = "The role's name."),
    ),
    responses(
        (status = 204, description = "The user does not have the role any more."),
        (status = 404, description = "No such user, or the user does not have the role."),
        (status = 409, description = "`last_role`: the user has no other role. `last_admin`: there is no other active administrator."),
    )
)]
pub(super) async fn remove_role(
    State(app): State<App>,
    caller: Permitted<permissions::users::AssignRoles>,
    PathParameters((user, role)): PathParameters<(UserRef, RoleName)>,
) -> Result<StatusCode, Problem> {
    let user = user.of(UserId(caller.id));
    assigning::remove_role(&app, (&**caller).into(), user, &role).await?;
    Ok(StatusCode::NO_CONTENT)
}
