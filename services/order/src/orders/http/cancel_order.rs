//! `POST /orders/{id}/cancel`: cancels an order that is not wholly shipped. `DELETE /orders/{id}` is its alias.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use web::{
    PathParameters, Problem,
    conditional::ETag,
    idempotency::RequestKey,
    problem::ProblemDocument,
    token::{CustomerOrAdmin, Fresh},
};

use super::{order_view::OrderView, refusal};
use crate::{
    app::App, infrastructure::http::replay, intents::http::wisher::wisher,
    orders::CancelOrderError, payments::http::payment_refusal, values::OrderId,
};

/// Cancel an order
///
/// What is not shipped goes back into stock, and the money for it to the customer. The answer says that it is wanted,
/// in `cancel_requested_at`; the status follows, mostly within a second. Cancelling what is cancelled changes nothing.
#[utoipa::path(
    post,
    path = "/orders/{id}/cancel",
    tag = "orders",
    security(("bearer" = [])),
    params(
        ("id" = OrderId, Path, description = "The order."),
        ("Idempotency-Key" = Option<String>, Header, description = "Fresh for every new request, the same when one is repeated. 1 to 255 printable ASCII characters. Without one the server makes a key, and a repeated request is carried out again; shops may require it."),
    ),
    responses(
        (status = 202, description = "The order becomes `cancelled`, or is it already.", body = OrderView, headers(
            ("ETag" = String, description = "The order's version."),
            ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key asked for it."),
            ("Idempotency-Key" = String, description = "The key that the server made, if none was sent; send it with a repeated request."),
            ("Idempotency-Notice" = String, description = "Only if no Idempotency-Key was sent: a request repeated without that key is carried out again."),
        )),
        (status = 400, description = "No usable Idempotency-Key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order, or it is somebody else's.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`order_shipped` (ask for a return instead) or `order_not_cancellable`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After, with the same key.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn cancel_order(
    State(app): State<App>,
    caller: Fresh<CustomerOrAdmin>,
    PathParameters(id): PathParameters<OrderId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let cancelled = app
        .cancel_order
        .run(&wisher(&caller, &key), id)
        .await
        .map_err(|error| match &error {
            CancelOrderError::Intent(error) => payment_refusal::of_intent(error),
            CancelOrderError::Orders(error) => refusal::of_reading(error),
        })?;
    Ok((
        StatusCode::ACCEPTED,
        ETag(cancelled.result.state.version),
        replay::headers(cancelled.replayed),
        Json(OrderView::from(cancelled.result)),
    ))
}
