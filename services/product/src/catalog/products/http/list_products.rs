//! `GET /products`

use access::Guest;
use axum::{Json, extract::State};
use money::DecimalText;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem,
    limit::LimitedByAddress,
    list::{ListQuery, Page},
    schema::BlankLine,
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
    /// Words contained in SKU, name or description, in any order: at most 8, each with at least 3 consecutive letters
    /// or digits.
    #[param(value_type = Option<BlankLine<200>>, inline, example = "blue mug")]
    q: Option<String>,
    /// Only products of this vendor.
    vendor: Option<VendorId>,
    /// The lowest price, a decimal in the shop's currency.
    #[param(value_type = Option<DecimalText>, inline, example = "5.00")]
    min_price: Option<String>,
    /// The highest price.
    #[param(value_type = Option<DecimalText>, inline, example = "20.00")]
    max_price: Option<String>,
    /// Only products that are available, or only those that are not.
    in_stock: Option<bool>,
    /// The sort order; `-created_at` by default.
    #[param(inline)]
    sort: Option<Sort>,
}

/// List products
///
/// Active products are visible to all callers. Vendors also see their own drafts and disabled products, admins those of
/// all vendors.
#[utoipa::path(
    get,
    path = "/products",
    tag = "products",
    security((), ("bearer" = [])),
    params(ListQuery<ListProducts>),
    responses(
        (status = 200, description = "One page.", body = Page<ProductView>),
        LimitedByAddress,
    )
)]
pub(super) async fn list_products(
    State(app): State<App>,
    Guest(caller): Guest,
    ListQuery { paging, filter }: ListQuery<ListProducts>,
) -> Result<Json<Page<ProductView>>, Problem> {
    let sort = filter.sort.unwrap_or_default();
    let wanted = Filter {
        words: product_query::words(filter.q.as_deref())?,
        vendor: filter.vendor.map(|vendor| vendor.0),
        status: None,
        min_price: product_query::price("min_price", filter.min_price, app.currency)?,
        max_price: product_query::price("max_price", filter.max_price, app.currency)?,
        in_stock: filter.in_stock,
    };
    let viewer = Viewer::of(caller.as_ref());
    let page = product_query::page(&app, "products", viewer, &wanted, sort, &paging).await?;
    Ok(Json(page))
}
