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
    order_listing::page_of_vendor, state_name::OrderStatusName, vendor_order_view::VendorOrderView,
};
use crate::{
    app::App,
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
    security(("bearer" = [])),
    params(ListQuery<VendorOrdersQuery>),
    responses(
        (status = 200, description = "A page of orders.", body = Page<VendorOrderView>),
        (status = 403, description = "The role vendor is required."),
    ),
)]
pub async fn list_vendor_orders(
    State(app): State<App>,
    caller: Requires<vendor_orders::List>,
    ListQuery {
        paging,
        filter: query,
    }: ListQuery<VendorOrdersQuery>,
) -> Result<Json<Page<VendorOrderView>>, Problem> {
    let filter = OrderFilter {
        status: query.status.map(Into::into),
        created: Period {
            from: query.from,
            to: query.to,
        },
        ..OrderFilter::default()
    };
    let page = page_of_vendor(&app, UserId(caller.id), filter, &paging).await?;
    let Page { data, page } = page;
    let data = data
        .into_iter()
        .map(VendorOrderView::try_from)
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::internal(&error))?;
    Ok(Json(Page { data, page }))
}
