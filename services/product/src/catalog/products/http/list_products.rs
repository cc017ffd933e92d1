//! `GET /products`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem, QueryParameters,
    list::{Page, PageQuery},
    problem::ProblemDocument,
    token::Guest,
};

use super::{product_query, product_view::ProductView};
use crate::{
    app::App,
    catalog::products::model::{Filter, Sort, VendorId, Viewer},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListProducts {
    /// Words that SKU, name or description contain, in any order: at most 8, each with at least 3 letters or digits in
    /// a row.
    #[param(max_length = 200, example = "blue mug")]
    q: Option<String>,
    /// Products of this vendor.
    vendor: Option<VendorId>,
    /// The lowest price, a decimal in the shop's currency.
    #[param(example = "5.00")]
    min_price: Option<String>,
    /// The highest price.
    #[param(example = "20.00")]
    max_price: Option<String>,
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

/// List products
///
/// Everybody sees what is active; a vendor own drafts and disabled products as well, an admin those of all.
#[utoipa::path(
    get,
    path = "/products",
    tag = "products",
    security((), ("bearer" = [])),
    params(ListProducts),
    responses(
        (status = 200, description = "One page.", body = Page<ProductView>),
        (status = 401, description = "An access token that is not good.", body = ProblemDocument),
        (status = 422, description = "A parameter breaks a rule.", body = ProblemDocument),
        (status = 429, description = "Too many requests without a token from this address; retry after the time in Retry-After.", body = ProblemDocument, headers(
            ("Retry-After" = u32, description = "Seconds."),
            ("RateLimit-Policy" = String, description = "Each limit that counted: its quota `q` and window `w` in seconds; in every answer."),
            ("RateLimit" = String, description = "What is left of each, `r`, and seconds until it is whole again, `t`; in every answer."),
        )),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
    )
)]
pub(super) async fn list_products(
    State(app): State<App>,
    Guest(caller): Guest,
    QueryParameters(query): QueryParameters<ListProducts>,
) -> Result<Json<Page<ProductView>>, Problem> {
    let filter = Filter {
        words: product_query::words(query.q.as_deref())?,
        vendor: query.vendor.map(|vendor| vendor.0),
        status: None,
        min_price: product_query::price("min_price", query.min_price.as_ref(), app.currency)?,
        max_price: product_query::price("max_price", query.max_price.as_ref(), app.currency)?,
        in_stock: query.in_stock,
    };
    let paging = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
        page: query.page,
        include_total: query.include_total,
    };
    let viewer = Viewer::of(caller.as_ref());
    let page = product_query::page(
        &app,
        "products",
        viewer,
        &filter,
        query.sort.unwrap_or_default(),
        &paging,
    )
    .await?;
    Ok(Json(page))
}
