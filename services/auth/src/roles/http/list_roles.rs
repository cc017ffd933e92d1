//! `GET /roles`

use access::permissions;
use axum::{Json, extract::State};
use web::{
    Problem,
    list::{ListQuery, NoFilter, Page, Paging, Total},
};

use super::role_view::RoleView;
use crate::{app::App, http::permitted::Permitted, roles};

/// List roles
///
/// Sorted by name, the built-in ones among them.
#[utoipa::path(
    get,
    path = "/roles",
    tag = "roles",
    params(Permitted<permissions::roles::Read>, ListQuery<NoFilter>),
    responses(
        (status = 200, description = "One page.", body = Page<RoleView>),
    )
)]
pub(super) async fn list_roles(
    State(app): State<App>,
    _: Permitted<permissions::roles::Read>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<RoleView>>, Problem> {
    let paging: Paging<String> = Paging::try_new(&paging, &"roles")?;
    let rows = roles::page(&app.pool, &paging).await?;
    let total = if paging.include_total {
        Some(Total::counted(roles::total(&app.pool).await?))
    } else {
        None
    };
    let page = paging.page(rows, total, |role| role.name.to_string())?;
    Ok(Json(page.map(RoleView::from)))
}
