//! `GET /orders/{id}`: one order.

use axum::{Json, extract::State, response::IntoResponse};
use web::{
    PathParameters, Problem, conditional::ETag, problem::ProblemDocument, token::CustomerOrAdmin,
};

use super::{listing::reader, order_view::OrderView, refusal};
use crate::{app::App, domain::OrderId};

/// Get an order
///
/// Customers see their own orders, admins all.
#[utoipa::path(
    get,
    path = "/orders/{id}",
    tag = "orders",
    security(("bearer" = [])),
    params(("id" = OrderId, Path, description = "The order.")),
    responses(
        (status = 200, description = "The order.", body = OrderView, headers(
            ("ETag" = String, description = "The order's version."),
        )),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order, or it is somebody else's.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn get_order(
    State(app): State<App>,
    caller: CustomerOrAdmin,
    PathParameters(id): PathParameters<OrderId>,
) -> Result<impl IntoResponse, Problem> {
    let order = app
        .get_order
        .run(id, reader(&caller))
        .await
        .map_err(|error| refusal::of_reading(&error))?;
    let order = order.ok_or_else(Problem::not_found)?;
    Ok((ETag(order.state.version), Json(OrderView::from(order))))
}
