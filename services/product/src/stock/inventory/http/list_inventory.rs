//! `GET /inventory`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use web::{
    Problem, QueryParameters,
    list::{Page, PageQuery, Paging},
    problem::ProblemDocument,
    token::VendorOrAdmin,
};

use super::inventory_view::InventoryView;
use crate::{
    app::App,
    catalog::products::{model::Owner, postgres::product_lists::ListError},
    stock::inventory::postgres::inventory,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListInventory {
    /// `true`: only SKUs at or below their threshold.
    #[serde(default)]
    #[param(required = false)]
    low_stock: bool,
    /// Rows a page, 1 to 100; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `page.next_cursor` of the answer before.
    cursor: Option<String>,
    /// A page number from 1, instead of a cursor; ends at 10,000 rows.
    #[param(minimum = 1)]
    page: Option<u32>,
    /// Counts the rows, up to 10,000.
    include_total: Option<bool>,
}

/// What a cursor belongs to.
#[derive(Serialize)]
struct Shape {
    list: &'static str,
    low_stock: bool,
}

/// List stock
///
/// By SKU: a vendor's own, an admin's all.
#[utoipa::path(
    get,
    path = "/inventory",
    tag = "inventory",
    security(("bearer" = [])),
    params(ListInventory),
    responses(
        (status = 200, description = "One page.", body = Page<InventoryView>),
        (status = 401, description = "No access token, or one that is not good.", body = ProblemDocument),
        (status = 403, description = "The caller is neither vendor nor admin.", body = ProblemDocument),
        (status = 422, description = "A parameter breaks a rule.", body = ProblemDocument),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
    )
)]
pub(super) async fn list_inventory(
    State(app): State<App>,
    caller: VendorOrAdmin,
    QueryParameters(query): QueryParameters<ListInventory>,
) -> Result<Json<Page<InventoryView>>, Problem> {
    let (owner, low_stock) = (Owner::of(&caller), query.low_stock);
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
        page: query.page,
        include_total: query.include_total,
    };
    let paging: Paging<String> = Paging::try_new(
        &page,
        &Shape {
            list: "inventory",
            low_stock,
        },
    )?;
    let rows = inventory::rows(&app.lists, owner, low_stock, &paging)
        .await
        .map_err(ListError::from)?;
    let total = if paging.include_total {
        Some(
            inventory::total(&app.lists, owner, low_stock)
                .await
                .map_err(ListError::from)?,
        )
    } else {
        None
    };
    let page = paging.page(rows, total, |row| row.sku.as_str().to_owned())?;
    Ok(Json(page.map(InventoryView::from)))
}
