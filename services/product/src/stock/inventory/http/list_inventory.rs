//! `GET /inventory`

use access::{Requires, permissions::stock};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, Page, Paging},
};

use crate::{
    app::App,
    catalog::products::model::Owner,
    infrastructure::http::listing::page,
    stock::inventory::{self, model::Inventory},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListInventory {
    /// `true`: only SKUs at or below their low-stock threshold.
    #[serde(default)]
    #[param(required = false)]
    low_stock: bool,
}

/// List stock
///
/// Sorted by SKU. Vendors see their own SKUs, admins all.
#[utoipa::path(
    get,
    path = "/inventory",
    tag = "inventory",
    params(Requires<stock::Read>, ListQuery<ListInventory>),
    responses(
        (status = 200, description = "One page.", body = Page<Inventory>),
    )
)]
pub(super) async fn list_inventory(
    State(app): State<App>,
    caller: Requires<stock::Read>,
    ListQuery { paging, filter }: ListQuery<ListInventory>,
) -> Result<Json<Page<Inventory>>, Problem> {
    let (owner, low_stock) = (Owner::of(&caller), filter.low_stock);
    let shape = json!({ "list": "inventory", "low_stock": low_stock });
    let paging: Paging<String> = Paging::try_new(&paging, &shape)?;
    let rows = inventory::rows(&app.lists, owner, low_stock, &paging);
    let total = inventory::total(&app.lists, owner, low_stock);
    let position = |row: &Inventory| Some(row.sku.as_str().to_owned());
    Ok(Json(page(&paging, rows, total, position, Some).await?))
}
