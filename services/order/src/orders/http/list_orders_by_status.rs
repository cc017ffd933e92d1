//! `GET /orders/status/{status}`: orders in one state.

use axum::{Json, extract::State};
use web::{
    PathParameters, Problem, QueryParameters,
    list::{Page, PageQuery},
    problem::ProblemDocument,
    token::CustomerOrAdmin,
};

use super::{order_listing::page, order_view::OrderView, state_name::OrderStatusName};
use crate::{app::App, infrastructure::http::listing::reader, orders::model::OrderFilter};

/// List orders by status
///
/// Newest first. Customers see their own orders, admins all.
#[utoipa::path(
    get,
    path = "/orders/status/{status}",
    tag = "orders",
    security(("bearer" = [])),
    params(("status" = OrderStatusName, Path, description = "The state."), PageQuery),
    responses(
        (status = 200, description = "A page of orders.", body = Page<OrderView>),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such state.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown or breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn list_orders_by_status(
    State(app): State<App>,
    caller: CustomerOrAdmin,
    PathParameters(status): PathParameters<OrderStatusName>,
    QueryParameters(query): QueryParameters<PageQuery>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let filter = OrderFilter {
        status: Some(status.into()),
        ..OrderFilter::default()
    };
    page(&app, reader(&caller), filter, &query)
        .await?
        .ok_or_else(Problem::not_found)
}
