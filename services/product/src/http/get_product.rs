//! `GET /products/{id}`

use axum::extract::State;
use tokio::time::Instant;
use web::{PathParameters, Problem, conditional::ETag, problem::ProblemDocument, token::Guest};

use super::product_view::ProductView;
use crate::{
    app::App,
    catalogue::{ProductId, Slug, Status, Viewer},
    store::products,
    views::View,
};

/// Read a product
///
/// By id or by slug. What is not active is there for its vendor and for admins only.
#[utoipa::path(
    get,
    path = "/products/{id}",
    tag = "products",
    security((), ("bearer" = [])),
    params(("id" = String, Path, description = "The product's id, or its slug.", example = "blue-mug")),
    responses(
        (status = 200, description = "The product.", body = ProductView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 401, description = "An access token that is not good.", body = ProblemDocument),
        (status = 404, description = "There is none for this caller.", body = ProblemDocument),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
    )
)]
pub(super) async fn get_product(
    State(app): State<App>,
    Guest(caller): Guest,
    PathParameters(name): PathParameters<String>,
) -> Result<View, Problem> {
    let viewer = Viewer::of(caller.as_ref());
    let public = viewer == Viewer::Public;
    if let Some(view) = public.then(|| app.views.get(&name)).flatten() {
        return Ok(view);
    }
    let read_at = Instant::now();
    let found = match (name.parse::<ProductId>(), Slug::try_from(name.clone())) {
        (Ok(id), _) => products::by_id(&app.pool, id).await,
        (Err(_), Ok(slug)) => products::by_slug(&app.pool, &slug).await,
        (Err(_), Err(_)) => Ok(None),
    };
    let product = found
        .map_err(|error| postgres::problem(&error))?
        .filter(|product| product.status == Status::Active || viewer.manages(product.vendor_id))
        .ok_or_else(Problem::not_found)?;
    let etag = ETag(product.version);
    let view = View::try_new(etag, &ProductView::new(product, viewer, app.currency))
        .map_err(|error| Problem::internal(&error))?;
    if public {
        app.views.keep(name, read_at, view.clone());
    }
    Ok(view)
}
