//! `GET /orders/status/{status}`: orders in one state.

use access::{Requires, permissions::orders};
use axum::{Json, extract::State};
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page},
};

use super::{order_listing::page, order_view::OrderView, state_name::OrderStatusName};
use crate::{app::App, infrastructure::http::callers::reader, orders::model::OrderFilter};

/// List orders by status
///
/// Newest first. Customers see their own orders, admins all.
#[utoipa::path(
    get,
    path = "/orders/status/{status}",
    tag = "orders",
    params(Requires<orders::List>, ("status" = OrderStatusName, Path, description = "The state."), ListQuery<NoFilter>),
    responses(
        (status = 200, description = "A page of orders.", body = Page<OrderView>),
        (status = 404, description = "No such state."),
    ),
)]
pub async fn list_orders_by_status(
    State(app): State<App>,
    caller: Requires<orders::List>,
    PathParameters(status): PathParameters<OrderStatusName>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let filter = OrderFilter {
        status: Some(status.into()),
        ..OrderFilter::default()
    };
    page(&app, reader(&caller), filter, &paging)
        .await?
        .ok_or_else(Problem::not_found)
}
