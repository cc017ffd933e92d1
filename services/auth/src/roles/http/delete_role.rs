//! `DELETE /roles/{name}`

use access::permissions;
use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use crate::{
    app::App,
    http::permitted::Permitted,
    roles::{change_role, model::RoleName},
};

/// Delete a role
#[utoipa::path(
    delete,
    path = "/roles/{name}",
    tag = "roles",
    params(Permitted<permissions::roles::Write>, ("name" = RoleName, Path, description = "The role's name.")),
    responses(
        (status = 204, description = "The role was deleted."),
        (status = 404, description = "No such role."),
        (status = 409, description = "`role_built_in`: built-in roles cannot be deleted. `role_in_use`: users have the role."),
    )
)]
pub(super) async fn delete_role(
    State(app): State<App>,
    caller: Permitted<permissions::roles::Write>,
    PathParameters(name): PathParameters<RoleName>,
) -> Result<StatusCode, Problem> {
    change_role::delete_role(&app, (&**caller).into(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
