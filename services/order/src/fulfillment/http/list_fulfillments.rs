//! `GET /orders/{id}/fulfillments`: the fulfillments of an order.

use access::{Requires, permissions::fulfillments};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use web::{PathParameters, Problem};

use super::fulfillment_view::FulfillmentView;
use crate::{app::App, infrastructure::http::callers::viewer, values::OrderId};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fulfillments)]
pub struct FulfillmentsView {
    data: Vec<FulfillmentView>,
}

/// List the shipments of an order
///
/// Oldest first. Customers see those of their own orders, vendors those that contain only their own lines, admins all.
#[utoipa::path(
    get,
    path = "/orders/{id}/fulfillments",
    tag = "fulfillments",
    params(Requires<fulfillments::Read>, ("id" = OrderId, Path, description = "The order.")),
    responses(
        (status = 200, description = "The shipments.", body = FulfillmentsView),
        (status = 404, description = "No such order, or the caller owns none of its lines."),
    ),
)]
pub async fn list_fulfillments(
    State(app): State<App>,
    caller: Requires<fulfillments::Read>,
    PathParameters(order): PathParameters<OrderId>,
) -> Result<Json<FulfillmentsView>, Problem> {
    let fulfillments = app.fulfill_order.list(order, viewer(&caller)).await?;
    let data = fulfillments
        .into_iter()
        .map(FulfillmentView::from)
        .collect();
    Ok(Json(FulfillmentsView { data }))
}
