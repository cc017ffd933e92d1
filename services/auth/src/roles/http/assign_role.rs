//! `POST /users/{id}/roles`

use access::permissions;
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{JsonBody, PathParameters, Problem};

use super::role_view::RoleView;
use crate::{
    accounts::model::UserId,
    app::App,
    http::{permitted::Permitted, user_ref::UserRef},
    roles::{assign_role as assigning, model::RoleName},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "support" }))]
pub(crate) struct AssignRole {
    role: RoleName,
}

/// Assign a role to a user
///
/// The caller must hold each permission of the role. Idempotent. It ends the user's access tokens: the user refreshes them.
#[utoipa::path(
    post,
    path = "/users/{id}/roles",
    tag = "roles",
    params(
        Permitted<permissions::users::AssignRoles>,
        ("id" = inline(UserRef), Path, description = "The user's id, or `me`."),
    ),
    request_body = AssignRole,
    responses(
        (status = 200, description = "The user has the role.", body = RoleView),
        (status = 404, description = "No such user."),
        (status = 409, description = "`too_many_roles_of_user`: the user has ten roles. `role_full`: 10,000 users have this custom role."),
    )
)]
pub(super) async fn assign_role(
    State(app): State<App>,
    caller: Permitted<permissions::users::AssignRoles>,
    PathParameters(user): PathParameters<UserRef>,
    JsonBody(request): JsonBody<AssignRole>,
) -> Result<Json<RoleView>, Problem> {
    let user = user.of(UserId(caller.id));
    let by = (&**caller).into();
    let role = assigning::assign_role(&app, by, user, &request.role).await?;
    Ok(Json(role.into()))
}
