//! `POST /orders`: places an order.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use web::{
    Problem, ValidJson, conditional::ETag, idempotency::RequestKey, problem::ProblemDocument,
    token::Customer,
};

use super::{
    order_request::{NewOrderBody, OrderRules},
    refusal,
};
use crate::{
    app::App,
    checkout::{Command, Placed},
    infrastructure::http::replay,
    orders::http::order_view::OrderView,
    values::UserId,
};

/// Place an order
///
/// Holds the stock of all items or of none, and answers with the order, `pending`: it becomes `confirmed` as soon as
/// its stock is committed. A request repeated with the same `Idempotency-Key` answers with the same order.
#[utoipa::path(
    post,
    path = "/orders",
    tag = "orders",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Fresh for every new request, the same when one is repeated. 1 to 255 printable ASCII characters. Without one the server makes a key, and a repeated request is carried out again; shops may require it.")),
    request_body = NewOrderBody,
    responses(
        (status = 201, description = "The order is placed.", body = OrderView, headers(
            ("Location" = String, description = "The order's address."),
            ("ETag" = String, description = "The order's version."),
            ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key placed the order."),
            ("Idempotency-Key" = String, description = "The key that the server made, if none was sent; send it with a repeated request."),
            ("Idempotency-Notice" = String, description = "Only if no Idempotency-Key was sent: a request repeated without that key is carried out again."),
        )),
        (status = 400, description = "Not JSON, or no usable Idempotency-Key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is not a customer.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`out_of_stock` (with `lines`), `price_changed` (with `total`), `item_not_orderable`, `idempotency_key_in_use` or `idempotency_key_expired`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field breaks a rule, `unknown_product`, `too_many_units` (with `sku`), `total_too_large`, or `idempotency_key_reused`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: too many orders of this customer are under way or wait for their payment. `too_many_unpaid_units` (with `sku` or `product_id`, `allowed` and `held`): with this order, unpaid orders of this customer would have more units of one product than the shop allows; pay or cancel one first, or order fewer. See Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After, with the same key: `unavailable` (nothing was done) or `outcome_unknown`.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn create_order(
    State(app): State<App>,
    caller: Customer,
    key: RequestKey,
    ValidJson(body): ValidJson<NewOrderBody>,
) -> Result<impl IntoResponse, Problem> {
    let request = body.parse(OrderRules {
        currency: app.currency,
        require_shipping_address: app.require_shipping_address,
    })?;
    let command = Command::try_new(UserId(caller.id), key.as_str(), request)
        .map_err(|error| refusal::of_placing(&error))?;
    let Placed { order, replayed } = app
        .place_order
        .run(command)
        .await
        .map_err(|error| refusal::of_placing(&error))?;
    let mut headers = replay::headers(replayed);
    let location = HeaderValue::try_from(format!("/api/v1/orders/{}", order.id));
    headers.insert(
        header::LOCATION,
        location.map_err(|error| Problem::internal(&error))?,
    );
    Ok((
        StatusCode::CREATED,
        ETag(order.state.version),
        headers,
        Json(OrderView::from(order)),
    ))
}
