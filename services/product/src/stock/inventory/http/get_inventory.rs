//! `GET /inventory/{sku}`

use access::{Requires, permissions::stock};
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use crate::{
    app::App,
    catalog::products::model::{Owner, Sku},
    stock::inventory::{self, model::Inventory},
};

/// Get the stock of a SKU
///
/// The `ETag` identifies the number of units on hand; reservations do not change it.
#[utoipa::path(
    get,
    path = "/inventory/{sku}",
    tag = "inventory",
    params(Requires<stock::Read>, ("sku" = String, Path, description = "The SKU, in upper or lower case.", example = "MUG-BLUE-350")),
    responses(
        (status = 200, description = "The stock of the SKU.", body = Inventory, headers(("ETag" = String, description = "The number of units on hand, for If-Match."))),
        (status = 404, description = "No product has this SKU, or it belongs to another vendor."),
    )
)]
pub(super) async fn get_inventory(
    State(app): State<App>,
    caller: Requires<stock::Read>,
    PathParameters(sku): PathParameters<Sku>,
) -> Result<(ETag, Json<Inventory>), Problem> {
    let inventory = inventory::find(&app.pool, &sku, Owner::of(&caller))
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok((ETag(inventory.on_hand), Json(inventory)))
}
