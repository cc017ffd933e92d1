//! `GET /products/{id}`

use std::sync::Arc;

use access::Guest;
use axum::extract::State;
use tokio::time::Instant;
use web::{PathParameters, Problem, conditional::ETag};

use super::{product_view::ProductView, views::View};
use crate::{
    app::App,
    catalog::products::model::{ProductName, Status, Viewer},
};

/// Get a product
///
/// By id or by slug. Products that are not active are visible only to their vendor and to admins.
#[utoipa::path(
    get,
    path = "/products/{id}",
    tag = "products",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The product's id or slug.", example = "blue-mug")),
    responses(
        (status = 200, description = "The product.", body = ProductView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 404, description = "No such product, or the caller does not have access to it."),
    )
)]
pub(super) async fn get_product(
    State(app): State<App>,
    Guest(caller): Guest,
    PathParameters(name): PathParameters<String>,
) -> Result<View, Problem> {
    let name = ProductName::parse(&name).ok_or_else(Problem::not_found)?;
    let viewer = Viewer::of(caller.as_ref());
    let public = viewer == Viewer::Public;
    if let Some(view) = public.then(|| app.views.get(&name)).flatten() {
        return Ok(view);
    }
    let read_at = Instant::now();
    let found = app.reads.product(name.clone()).await?;
    let product = found
        .filter(|product| product.status == Status::Active || viewer.manages(product.vendor_id))
        .ok_or_else(Problem::not_found)?;
    let etag = ETag(product.version);
    let product = ProductView::new(Arc::unwrap_or_clone(product), viewer, app.currency);
    let view = View::try_new(etag, &product).map_err(|error| Problem::internal(&error))?;
    if public {
        app.views.keep(name, read_at, view.clone());
    }
    Ok(view)
}
