//! `GET /orders`: the caller's orders, or all orders for admins.

use access::{Requires, permissions::orders};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, NewestFirst, Page},
};

use super::{order_listing::page, order_view::OrderView, state_name::OrderStatusName};
use crate::{
    app::App,
    infrastructure::http::callers::reader,
    orders::model::OrderFilter,
    values::{Period, UserId},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersQuery {
    /// Only orders in this state.
    status: Option<OrderStatusName>,
    /// Only orders of this customer; for admins.
    user: Option<UserId>,
    /// Only orders that contain a product of this vendor.
    vendor: Option<UserId>,
    /// Created at this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Created before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
    /// The only supported value: newest first.
    #[expect(
        dead_code,
        reason = "only one sort order exists; parsing rejects others"
    )]
    #[param(inline)]
    sort: Option<NewestFirst>,
}

/// List orders
///
/// Newest first. Customers see their own orders, admins all.
#[utoipa::path(
    get,
    path = "/orders",
    tag = "orders",
    params(Requires<orders::List>, ListQuery<OrdersQuery>),
    responses(
        (status = 200, description = "A page of orders.", body = Page<OrderView>),
        (status = 403, description = "The role customer or admin is required; filtering by another user requires the role admin."),
    ),
)]
pub async fn list_orders(
    State(app): State<App>,
    caller: Requires<orders::List>,
    ListQuery {
        paging,
        filter: query,
    }: ListQuery<OrdersQuery>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let filter = OrderFilter {
        customer: query.user,
        vendor: query.vendor,
        status: query.status.map(Into::into),
        created: Period {
            from: query.from,
            to: query.to,
        },
    };
    let page = page(&app, reader(&caller), filter, &paging).await?;
    page.ok_or_else(|| Problem::forbidden("Only an admin may list the orders of another user."))
}
