//! `PUT /orders/{id}/status`: sets a confirmed order to completed.

use access::{Requires, permissions::orders};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{JsonBody, PathParameters, Problem, conditional::IfMatch};

use super::{order_view::OrderView, state_name::OrderStatusName};
use crate::{app::App, infrastructure::http::callers::seller, values::OrderId};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrderStatus, example = json!({ "status": "completed" }))]
pub struct NewStatusBody {
    /// `completed`, or the current status.
    status: OrderStatusName,
}

/// Set an order's status
///
/// Sets a confirmed, shipped and paid order to `completed`; this also happens automatically on delivery. Admins can do
/// this for every order, vendors for orders that contain only their own lines.
#[utoipa::path(
    put,
    path = "/orders/{id}/status",
    tag = "orders",
    params(Requires<orders::SetStatus>, ("id" = OrderId, Path, description = "The order."), IfMatch),
    request_body = NewStatusBody,
    responses(
        (status = 200, description = "The order after the change.", body = OrderView, headers(("ETag" = String, description = "The order's version."))),
        (status = 403, description = "The role vendor or admin is required; a vendor must own all lines of the order."),
        (status = 404, description = "No such order, or the vendor owns none of its lines."),
        (status = 409, description = "`no_such_transition`, `not_shipped` or `not_paid`."),
    ),
)]
pub async fn set_order_status(
    State(app): State<App>,
    caller: Requires<orders::SetStatus>,
    PathParameters(id): PathParameters<OrderId>,
    if_match: IfMatch,
    JsonBody(body): JsonBody<NewStatusBody>,
) -> Result<OrderView, Problem> {
    let order = app
        .revise_order
        .set_status(id, seller(&caller), &if_match.into(), body.status.into())
        .await?;
    Ok(order.into())
}
