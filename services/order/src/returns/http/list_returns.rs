//! `GET /orders/{id}/returns`: what comes back of an order.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use web::{PathParameters, Problem, problem::ProblemDocument, token::Caller};

use super::{return_refusal, return_view::ReturnView};
use crate::{app::App, fulfillment::http::list_fulfillments::onlooker, values::OrderId};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Returns)]
pub struct ReturnsView {
    data: Vec<ReturnView>,
}

/// List the returns of an order
///
/// Oldest first. Customers see those of their own orders, vendors those with only own lines in them, admins all.
#[utoipa::path(
    get,
    path = "/orders/{id}/returns",
    tag = "returns",
    security(("bearer" = [])),
    params(("id" = OrderId, Path, description = "The order.")),
    responses(
        (status = 200, description = "The returns.", body = ReturnsView),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller has none of the roles customer, vendor and admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order, or nothing of it is the caller's.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn list_returns(
    State(app): State<App>,
    caller: Caller,
    PathParameters(order): PathParameters<OrderId>,
) -> Result<Json<ReturnsView>, Problem> {
    let returns = app
        .return_goods
        .list(order, onlooker(&caller)?)
        .await
        .map_err(|error| return_refusal::of_returning(&error))?;
    let data = returns.into_iter().map(ReturnView::from).collect();
    Ok(Json(ReturnsView { data }))
}
