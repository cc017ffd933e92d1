//! `GET /vendor/products`

use access::{Requires, permissions::vendor_products};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, Page},
    schema::BlankLine,
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
    /// Words contained in SKU, name or description, in any order: at most 8, each with at least 3 consecutive letters
    /// or digits.
    #[param(value_type = Option<BlankLine<200>>, inline, example = "blue mug")]
    q: Option<String>,
    /// Only products in this state.
    #[param(inline)]
    status: Option<Status>,
    /// Only products that are available, or only those that are not.
    in_stock: Option<bool>,
    /// The sort order; `-created_at` by default.
    #[param(inline)]
    sort: Option<Sort>,
}

/// List the calling vendor's products
///
/// Products in every state, with a breakdown of their stock.
#[utoipa::path(
    get,
    path = "/vendor/products",
    tag = "products",
    params(Requires<vendor_products::List>, ListQuery<ListVendorProducts>),
    responses(
        (status = 200, description = "One page.", body = Page<ProductView>),
    )
)]
pub(super) async fn list_vendor_products(
    State(app): State<App>,
    caller: Requires<vendor_products::List>,
    ListQuery { paging, filter }: ListQuery<ListVendorProducts>,
) -> Result<Json<Page<ProductView>>, Problem> {
    let sort = filter.sort.unwrap_or_default();
    let wanted = Filter {
        words: product_query::words(filter.q.as_deref())?,
        vendor: Some(caller.id),
        status: filter.status,
        min_price: None,
        max_price: None,
        in_stock: filter.in_stock,
    };
    let viewer = Viewer::Vendor(VendorId(caller.id));
    let page = product_query::page(&app, "vendor products", viewer, &wanted, sort, &paging).await?;
    Ok(Json(page))
}
