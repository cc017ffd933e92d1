//! `GET /inventory/{sku}/movements`

use access::{Requires, permissions::stock};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use uuid::Uuid;
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page, Paging},
};

use crate::{
    app::App,
    catalog::products::model::{Owner, Sku},
    infrastructure::http::listing::{page, readable},
    stock::inventory::{self, MovementRow, model::PastMovement},
};

/// List stock movements
///
/// Newest first. The sum of all movements is the number of units on hand.
#[utoipa::path(
    get,
    path = "/inventory/{sku}/movements",
    tag = "inventory",
    params(
        Requires<stock::Read>,
        ("sku" = String, Path, description = "The SKU, in upper or lower case.", example = "MUG-BLUE-350"),
        ListQuery<NoFilter>,
    ),
    responses(
        (status = 200, description = "One page.", body = Page<PastMovement>),
        (status = 404, description = "No product has this SKU, or it belongs to another vendor."),
    )
)]
pub(super) async fn list_movements(
    State(app): State<App>,
    caller: Requires<stock::Read>,
    PathParameters(sku): PathParameters<Sku>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<PastMovement>>, Problem> {
    inventory::find(&app.lists, &sku, Owner::of(&caller))
        .await?
        .ok_or_else(Problem::not_found)?;
    let paging: Paging<(DateTime<Utc>, Uuid)> = Paging::try_new(&paging, &("movements", &sku))?;
    let rows = inventory::movement_rows(&app.lists, &sku, &paging);
    let total = inventory::movement_total(&app.lists, &sku);
    Ok(Json(
        page(&paging, rows, total, MovementRow::position, readable).await?,
    ))
}
