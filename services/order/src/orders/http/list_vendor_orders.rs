//! `GET /vendor/orders`: orders with products of the calling vendor.

use access::{Requires, permissions::vendor_orders};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, Page},
};

use super::{
    order_listing::paging, state_name::OrderStatusName, vendor_order_view::VendorOrderView,
};
use crate::{
    app::App,
    infrastructure::http::listing,
    orders::model::OrderFilter,
    values::{Period, UserId},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VendorOrdersQuery {
    /// Only orders in this state.
    status: Option<OrderStatusName>,
    /// Created at this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Created before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
}

/// List the orders with products of the calling vendor
///
/// Newest first. Shows only the vendor's own lines.
#[utoipa::path(
    get,
    path = "/vendor/orders",
    tag = "orders",
    params(Requires<vendor_orders::List>, ListQuery<VendorOrdersQuery>),
    responses(
        (status = 200, description = "A page of orders.", body = Page<VendorOrderView>),
    ),
)]
pub async fn list_vendor_orders(
    State(app): State<App>,
    caller: Requires<vendor_orders::List>,
    ListQuery {
        paging: page,
        filter: query,
    }: ListQuery<VendorOrdersQuery>,
) -> Result<Json<Page<VendorOrderView>>, Problem> {
    let vendor = UserId(caller.id);
    let filter = OrderFilter {
        vendor: Some(vendor),
        status: query.status.map(Into::into),
        created: Period {
            from: query.from,
            to: query.to,
        },
        ..OrderFilter::default()
    };
    let (paging, window) = paging(&filter, &page)?;
    let orders = app.read_orders.of_vendor(vendor, filter, window).await?;
    let Page { data, page } = listing::page(&paging, orders)?;
    let data = data.into_iter().map(VendorOrderView::try_from);
    Ok(Json(Page {
        data: data.collect::<Result<_, _>>()?,
        page,
    }))
}
