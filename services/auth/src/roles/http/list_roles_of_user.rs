//! `GET /users/{id}/roles`

use access::permissions;
use axum::{Json, extract::State};
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page, Paging, Total},
};

use super::role_view::RoleView;
use crate::{
    accounts::model::UserId,
    app::App,
    http::{permitted::Permitted, user_ref::UserRef},
    roles,
};

/// List a user's roles
///
/// Sorted by name; at least one and at most ten.
#[utoipa::path(
    get,
    path = "/users/{id}/roles",
    tag = "roles",
    params(
        Permitted<permissions::users::AssignRoles>,
        ("id" = inline(UserRef), Path, description = "The user's id, or `me`."),
        ListQuery<NoFilter>,
    ),
    responses(
        (status = 200, description = "One page.", body = Page<RoleView>),
        (status = 404, description = "No such user."),
    )
)]
pub(super) async fn list_roles_of_user(
    State(app): State<App>,
    caller: Permitted<permissions::users::AssignRoles>,
    PathParameters(user): PathParameters<UserRef>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<RoleView>>, Problem> {
    let user = user.of(UserId(caller.id));
    let paging: Paging<String> = Paging::try_new(&paging, &("user_roles", user))?;
    let rows = roles::held_by(&app.pool, user, &paging).await?;
    let rows = rows.ok_or_else(Problem::not_found)?;
    let total = if paging.include_total {
        Some(Total::counted(roles::total_of(&app.pool, user).await?))
    } else {
        None
    };
    let page = paging.page(rows, total, |role| role.name.to_string())?;
    Ok(Json(page.map(RoleView::from)))
}
