//! `POST /products/{id}/disable`

use access::{Requires, permissions::products};
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use super::product_view::ProductView;
use crate::{
    app::App,
    catalog::products::{
        model::{Owner, ProductId, Status},
        set_status,
    },
};

/// Hide a product from guests
///
/// The product can no longer be ordered; existing orders are not affected. Idempotent.
#[utoipa::path(
    post,
    path = "/products/{id}/disable",
    tag = "products",
    params(Requires<products::Write>, ("id" = ProductId, Path, description = "The product's id.")),
    responses(
        (status = 200, description = "The product after the change.", body = ProductView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 404, description = "No such product, or it belongs to another vendor."),
    )
)]
pub(super) async fn disable_product(
    State(app): State<App>,
    caller: Requires<products::Write>,
    PathParameters(id): PathParameters<ProductId>,
) -> Result<(ETag, Json<ProductView>), Problem> {
    let product = set_status(&app.pool, app.ids, id, Owner::of(&caller), Status::Disabled).await?;
    Ok(ProductView::changed(product, &caller, app.currency))
}
