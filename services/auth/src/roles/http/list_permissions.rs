//! `GET /permissions`

use access::{
    Grant, Reach,
    permissions::{self, Row},
};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use web::{
    Problem,
    list::{ListQuery, NoFilter, Page, Paging, Total},
};

use crate::http::permitted::Permitted;

#[derive(Serialize, ToSchema)]
#[schema(as = Permission, example = json!({
    "name": "orders:cancel", "description": "Cancel orders.", "grants": ["orders:cancel:own", "orders:cancel"],
    "roles": [{ "role": "customer", "reach": "own" }, { "role": "admin", "reach": "any" }],
}))]
pub(super) struct PermissionView {
    #[schema(example = "orders:cancel")]
    name: &'static str,
    description: &'static str,
    /// The names with which a role can have it: with `:own`, it covers only what belongs to the holder of the role.
    grants: Vec<Grant>,
    /// The built-in roles that have it.
    roles: Vec<HolderView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PermissionHolder)]
struct HolderView {
    #[schema(example = "customer")]
    role: &'static str,
    reach: ReachView,
}

/// What a permission covers: what belongs to its holder, or what belongs to anyone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Reach)]
enum ReachView {
    Own,
    Any,
}

impl From<&'static Row> for PermissionView {
    fn from(row: &'static Row) -> Self {
        let roles = row.holders().map(|(role, reach)| HolderView {
            role: role.into_str(),
            reach: match reach {
                Reach::Any => ReachView::Any,
                Reach::No | Reach::Own => ReachView::Own,
            },
        });
        Self {
            name: row.name,
            description: row.description,
            grants: row.grants().collect(),
            roles: roles.collect(),
        }
    }
}

/// List permissions
///
/// Sorted by name. They are those of this release; roles are made of them.
#[utoipa::path(
    get,
    path = "/permissions",
    tag = "roles",
    params(Permitted<permissions::roles::Read>, ListQuery<NoFilter>),
    responses(
        (status = 200, description = "One page.", body = Page<PermissionView>),
    )
)]
pub(super) async fn list_permissions(
    _: Permitted<permissions::roles::Read>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<PermissionView>>, Problem> {
    let paging: Paging<String> = Paging::try_new(&paging, &"permissions")?;
    let after = paging.after().map_or("", String::as_str);
    let mut rows: Vec<_> = permissions::table().iter().collect();
    rows.retain(|row| row.name > after);
    rows.sort_unstable_by_key(|row| row.name);
    let offset = usize::try_from(paging.offset()).unwrap_or(usize::MAX);
    let fetch = usize::try_from(paging.fetch()).unwrap_or(usize::MAX);
    let rows = rows.into_iter().skip(offset).take(fetch);
    let total = i64::try_from(permissions::table().len()).unwrap_or(i64::MAX);
    let total = paging.include_total.then(|| Total::counted(total));
    let rows = rows.map(PermissionView::from).collect();
    Ok(Json(paging.page(rows, total, |row| row.name.to_owned())?))
}
