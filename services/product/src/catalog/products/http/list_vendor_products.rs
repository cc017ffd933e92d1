//! `GET /vendor/products`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem, QueryParameters,
    list::{Page, PageQuery},
    problem::ProblemDocument,
    token::Vendor,
};

use super::{product_query, product_view::ProductView};
use crate::{
    app::App,
    catalog::products::model::{Filter, Sort, Status, VendorId, Viewer},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListVendorProducts {
    /// Words that SKU, name or description contain, in any order: at most 8, each with at least 3 letters or digits in
    /// a row.
    #[param(max_length = 200, example = "blue mug")]
    q: Option<String>,
    /// Only products in this state.
    #[param(inline)]
    status: Option<Status>,
    /// Only what is, or is not, available.
    in_stock: Option<bool>,
    /// The order; `-created_at` by default.
    #[param(inline)]
    sort: Option<Sort>,
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

/// List one's own products
///
/// In every state, with what their stock is made up of.
#[utoipa::path(
    get,
    path = "/vendor/products",
    tag = "products",
    security(("bearer" = [])),
    params(ListVendorProducts),
    responses(
        (status = 200, description = "One page.", body = Page<ProductView>),
        (status = 401, description = "No access token, or one that is not good.", body = ProblemDocument),
        (status = 403, description = "The caller is no vendor.", body = ProblemDocument),
        (status = 422, description = "A parameter breaks a rule.", body = ProblemDocument),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
    )
)]
pub(super) async fn list_vendor_products(
    State(app): State<App>,
    caller: Vendor,
    QueryParameters(query): QueryParameters<ListVendorProducts>,
) -> Result<Json<Page<ProductView>>, Problem> {
    let filter = Filter {
        words: product_query::words(query.q.as_deref())?,
        vendor: Some(caller.id),
        status: query.status,
        min_price: None,
        max_price: None,
        in_stock: query.in_stock,
    };
    let paging = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
        page: query.page,
        include_total: query.include_total,
    };
    let viewer = Viewer::Vendor(VendorId(caller.id));
    let sort = query.sort.unwrap_or_default();
    Ok(Json(
        product_query::page(&app, "vendor products", viewer, &filter, sort, &paging).await?,
    ))
}
