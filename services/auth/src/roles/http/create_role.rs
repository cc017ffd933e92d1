//! `POST /roles`

use access::{Grant, permissions};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{JsonBody, Problem, conditional::ETag, schema::BlankLine};

use super::{grant_list::GrantList, role_view::RoleView};
use crate::{
    app::App,
    http::permitted::Permitted,
    roles::{
        change_role,
        model::{RoleDescription, RoleName},
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "support", "description": "Answers customers.", "permissions": ["orders:read", "orders:cancel"],
}))]
pub(crate) struct CreateRole {
    name: RoleName,
    #[serde(default)]
    #[schema(value_type = BlankLine<200>, inline, required = false)]
    description: RoleDescription,
    #[schema(value_type = Vec<Grant>, max_items = 200)]
    permissions: GrantList,
}

/// Create a role
///
/// The caller must hold each of its permissions, with at least the same reach.
#[utoipa::path(
    post,
    path = "/roles",
    tag = "roles",
    params(Permitted<permissions::roles::Write>),
    request_body = CreateRole,
    responses(
        (status = 201, description = "The role was created.", body = RoleView, headers(
            ("ETag" = String, description = "Its version, for If-Match."),
            ("Location" = String, description = "Its path."),
        )),
        (status = 409, description = "`role_exists`, or `too_many_roles`: the shop has 200 custom roles."),
    )
)]
pub(super) async fn create_role(
    State(app): State<App>,
    caller: Permitted<permissions::roles::Write>,
    JsonBody(request): JsonBody<CreateRole>,
) -> Result<
    (
        StatusCode,
        [(HeaderName, String); 1],
        (ETag, Json<RoleView>),
    ),
    Problem,
> {
    let CreateRole {
        name,
        description,
        permissions: GrantList(permissions),
    } = request;
    let by = (&**caller).into();
    let role = change_role::create_role(&app, by, &name, &description, permissions).await?;
    let location = [(header::LOCATION, format!("/api/v1/roles/{name}"))];
    Ok((StatusCode::CREATED, location, RoleView::with_version(role)))
}
