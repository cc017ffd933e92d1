//! `POST /orders/{id}/cancel`: cancels an order that is not wholly shipped. `DELETE /orders/{id}` is its alias.

use access::{Requires, permissions::orders};
use axum::{extract::State, http::StatusCode, response::IntoResponse};
use idempotency::RequestKey;
use web::{PathParameters, Problem};

use super::order_view::OrderView;
use crate::{app::App, intents::http::requester, values::OrderId};

/// Cancel an order
///
/// Units that are not shipped return to stock and their price is refunded. The response shows the request in
/// `cancel_requested_at`; the status changes asynchronously, usually within a second. Idempotent.
#[utoipa::path(
    post,
    path = "/orders/{id}/cancel",
    tag = "orders",
    params(Requires<orders::Cancel>, ("id" = OrderId, Path, description = "The order."), RequestKey),
    responses(
        (status = 202, description = "The order will become `cancelled`, or already is.", body = OrderView, headers(
            ("ETag" = String, description = "The order's version."),
        )),
        (status = 404, description = "No such order, or it belongs to another customer."),
        (status = 409, description = "`order_shipped` (ask for a return instead) or `order_not_cancellable`."),
    ),
)]
pub async fn cancel_order(
    State(app): State<App>,
    caller: Requires<orders::Cancel>,
    PathParameters(id): PathParameters<OrderId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let requester = requester(&caller, &key);
    let cancelled = app.cancel_order.run(&requester, id).await?;
    Ok((StatusCode::ACCEPTED, cancelled.map(OrderView::from)))
}
