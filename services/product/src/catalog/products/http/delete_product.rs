//! `DELETE /products/{id}`

use access::{Requires, permissions};
use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use crate::{
    app::App,
    catalog::products::{
        self,
        model::{Owner, ProductId},
    },
};

/// Delete a product
///
/// Permanent; the SKU cannot be used again. Existing orders are not affected.
#[utoipa::path(
    delete,
    path = "/products/{id}",
    tag = "products",
    params(Requires<permissions::products::Write>, ("id" = ProductId, Path, description = "The product's id.")),
    responses(
        (status = 204, description = "The product was deleted."),
        (status = 404, description = "No such product, or it belongs to another vendor."),
    )
)]
pub(super) async fn delete_product(
    State(app): State<App>,
    caller: Requires<permissions::products::Write>,
    PathParameters(id): PathParameters<ProductId>,
) -> Result<StatusCode, Problem> {
    if products::delete_product(&app.pool, app.ids, id, Owner::of(&caller)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
