//! `GET /roles/{name}`

use access::permissions;
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use super::role_view::RoleView;
use crate::{
    app::App,
    http::permitted::Permitted,
    roles::{self, model::RoleName},
};

/// Get a role
#[utoipa::path(
    get,
    path = "/roles/{name}",
    tag = "roles",
    params(Permitted<permissions::roles::Read>, ("name" = RoleName, Path, description = "The role's name.")),
    responses(
        (status = 200, description = "The role.", body = RoleView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 404, description = "No such role."),
    )
)]
pub(super) async fn get_role(
    State(app): State<App>,
    _: Permitted<permissions::roles::Read>,
    PathParameters(name): PathParameters<RoleName>,
) -> Result<(ETag, Json<RoleView>), Problem> {
    let role = roles::by_name(&app.pool, &name).await?;
    let role = role.ok_or_else(Problem::not_found)?;
    Ok(RoleView::with_version(role))
}
