//! `POST /payments/{id}/cancel`: gives a payment up before its money is taken. `DELETE /payments/{id}` is its alias.

use access::{Requires, permissions::payments};
use axum::{extract::State, http::StatusCode, response::IntoResponse};
use idempotency::RequestKey;
use web::{PathParameters, Problem};

use super::payment_view::PaymentView;
use crate::{
    app::App, intents::http::requester, payments::model::PaymentDecision, values::PaymentId,
};

/// Cancel a payment
///
/// Allowed before the payment is captured: `pending` or `authorized`. The provider releases the authorized amount, and
/// the order waits for another payment. The response shows the decision; the status changes asynchronously.
#[utoipa::path(
    post,
    path = "/payments/{id}/cancel",
    tag = "payments",
    security(("bearer" = [])),
    params(
        ("id" = PaymentId, Path, description = "The payment."),
        RequestKey,
    ),
    responses(
        (status = 202, description = "The payment will become `voided`.", body = PaymentView, headers(
            ("ETag" = String, description = "The payment's version."),
        )),
        (status = 403, description = "The role customer or admin is required."),
        (status = 404, description = "No such payment, or it belongs to another customer."),
        (status = 409, description = "`payment_not_cancellable`, or `payment_decided`: the payment is about to be captured."),
        (status = 429, description = "`too_many_requests`: too many changes by this customer, or to this resource, are in progress."),
    ),
)]
pub async fn cancel_payment(
    State(app): State<App>,
    caller: Requires<payments::Cancel>,
    PathParameters(id): PathParameters<PaymentId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let cancelled = app
        .decide_payment
        .run(&requester(&caller, &key), id, PaymentDecision::Void)
        .await?;
    Ok((StatusCode::ACCEPTED, cancelled.map(PaymentView::from)))
}
