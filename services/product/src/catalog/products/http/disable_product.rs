//! `POST /products/{id}/disable`

use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag, token::VendorOrAdmin};

use super::product_view::ProductView;
use crate::{
    app::App,
    catalog::products::{
        model::{Owner, ProductId, Status, Viewer},
        set_status,
    },
};

/// Hide a product from guests
///
/// It cannot be ordered; orders that were made go on. Nothing changes where it is disabled already.
#[utoipa::path(
    post,
    path = "/products/{id}/disable",
    tag = "products",
    security(("bearer" = [])),
    params(("id" = ProductId, Path, description = "The product's id.")),
    responses(
        (status = 200, description = "The product as it is now.", body = ProductView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 403, description = "The caller has neither the role vendor nor admin."),
        (status = 404, description = "No such product, or it belongs to another vendor."),
    )
)]
pub(super) async fn disable_product(
    State(app): State<App>,
    caller: VendorOrAdmin,
    PathParameters(id): PathParameters<ProductId>,
) -> Result<(ETag, Json<ProductView>), Problem> {
    let product = set_status(&app.pool, id, Owner::of(&caller), Status::Disabled).await?;
    let viewer = Viewer::of(Some(&caller));
    Ok((
        ETag(product.version),
        Json(ProductView::new(product, viewer, app.currency)),
    ))
}
