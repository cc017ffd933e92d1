//! `PATCH /roles/{name}`

use access::{Grant, permissions};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    JsonBody, PathParameters, Problem,
    conditional::{ETag, IfMatch},
    schema::BlankLine,
};

use super::{grant_list::GrantList, role_view::RoleView};
use crate::{
    app::App,
    http::permitted::Permitted,
    roles::{
        change_role,
        model::{RoleChange, RoleDescription, RoleName},
    },
};

/// A merge patch (RFC 7396): absent members keep their values. The name never changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "permissions": ["orders:read", "orders:cancel", "payments:refund"] }))]
pub(crate) struct UpdateRole {
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = BlankLine<200>, inline, required = false)]
    description: Option<RoleDescription>,
    /// Replaces the permissions.
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Vec<Grant>, max_items = 200, required = false)]
    permissions: Option<GrantList>,
}

/// Change a role
///
/// A merge patch: absent members keep their values. The caller must hold each permission that is added. A change of the
/// permissions ends the access tokens of all who have the role: they refresh them.
#[utoipa::path(
    patch,
    path = "/roles/{name}",
    tag = "roles",
    params(Permitted<permissions::roles::Write>, ("name" = RoleName, Path, description = "The role's name."), IfMatch),
    request_body(content((UpdateRole = "application/json"), (UpdateRole = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The role after the change.", body = RoleView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 404, description = "No such role."),
        (status = 409, description = "`role_built_in`: built-in roles cannot be changed."),
    )
)]
pub(super) async fn patch_role(
    State(app): State<App>,
    caller: Permitted<permissions::roles::Write>,
    PathParameters(name): PathParameters<RoleName>,
    if_match: IfMatch,
    JsonBody(request): JsonBody<UpdateRole>,
) -> Result<(ETag, Json<RoleView>), Problem> {
    let change = RoleChange {
        description: request.description,
        permissions: request
            .permissions
            .map(|GrantList(permissions)| permissions),
    };
    let by = (&**caller).into();
    let role = change_role::update_role(&app, by, &name, &if_match, change).await?;
    Ok(RoleView::with_version(role))
}
