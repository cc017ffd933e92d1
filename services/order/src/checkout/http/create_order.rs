//! `POST /orders`: places an order.

use access::{Requires, permissions::orders};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use idempotency::RequestKey;
use web::{JsonBody, Problem};

use super::order_request::{NewOrderBody, OrderRules};
use crate::{
    app::App,
    checkout::{Command, Placed},
    intents::ports::Answered,
    orders::http::order_view::OrderView,
    values::UserId,
};

/// Place an order
///
/// Reserves the stock of all items or of none, and returns the order as `pending`. The order becomes `confirmed` once
/// its stock is committed. A request repeated with the same `Idempotency-Key` returns the same order.
#[utoipa::path(
    post,
    path = "/orders",
    tag = "orders",
    params(Requires<orders::Create>, RequestKey),
    request_body = NewOrderBody,
    responses(
        (status = 201, description = "The order was placed.", body = OrderView, headers(
            ("Location" = String, description = "The order's address."),
            ("ETag" = String, description = "The order's version."),
        )),
        (status = 409, description = "`out_of_stock` (with `lines`), `price_changed` (with `total`), `item_not_orderable`, `idempotency_key_expired`, or `idempotency_key_in_use`: the first request with this key is still in progress."),
        (status = 422, description = "`unknown_product`, `too_many_units` (with `sku`) or `total_too_large`."),
        (status = 429, description = "`too_many_requests`: too many orders of this customer are in progress or waiting for payment. `too_many_unpaid_units` (with `sku` or `product_id`, `allowed` and `held`): with this order, the customer's unpaid orders would contain more units of one product than the shop allows; pay or cancel an order first, or order fewer units. See Retry-After."),
        (status = 503, description = "`unavailable` (no order was placed) or `outcome_unknown`; retry after the time in Retry-After, with the same Idempotency-Key."),
    ),
)]
pub async fn create_order(
    State(app): State<App>,
    caller: Requires<orders::Create>,
    key: RequestKey,
    JsonBody(body): JsonBody<NewOrderBody>,
) -> Result<impl IntoResponse, Problem> {
    let request = body.parse(OrderRules {
        currency: app.currency,
        require_shipping_address: app.require_shipping_address,
    })?;
    let command = Command::try_new(UserId(caller.id), key.as_str(), request)?;
    let Placed { order, replayed } = app.place_order.run(command).await?;
    let location = format!("/api/v1/orders/{}", order.id);
    let result = OrderView::from(order);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Answered { result, replayed },
    ))
}
