//! `GET /orders/{id}/returns`: the returns of an order.

use access::{Requires, permissions::returns};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use web::{PathParameters, Problem};

use super::return_view::ReturnView;
use crate::{app::App, infrastructure::http::callers::viewer, values::OrderId};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Returns)]
pub struct ReturnsView {
    data: Vec<ReturnView>,
}

/// List the returns of an order
///
/// Oldest first. Customers see those of their own orders, vendors those that contain only their own lines, admins all.
#[utoipa::path(
    get,
    path = "/orders/{id}/returns",
    tag = "returns",
    params(Requires<returns::Read>, ("id" = OrderId, Path, description = "The order.")),
    responses(
        (status = 200, description = "The returns.", body = ReturnsView),
        (status = 404, description = "No such order, or the caller owns none of its lines."),
    ),
)]
pub async fn list_returns(
    State(app): State<App>,
    caller: Requires<returns::Read>,
    PathParameters(order): PathParameters<OrderId>,
) -> Result<Json<ReturnsView>, Problem> {
    let returns = app.return_goods.list(order, viewer(&caller)).await?;
    let data = returns.into_iter().map(ReturnView::from).collect();
    Ok(Json(ReturnsView { data }))
}
