//! `POST /payments/{id}/cancel`: cancels a payment before it is captured. `DELETE /payments/{id}` is its alias.

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
    params(Requires<payments::Cancel>, ("id" = PaymentId, Path, description = "The payment."), RequestKey),
    responses(
        (status = 202, description = "The payment will become `voided`.", body = PaymentView, headers(
            ("ETag" = String, description = "The payment's version."),
        )),
        (status = 404, description = "No such payment, or it belongs to another customer."),
        (status = 409, description = "`payment_not_cancellable`, or `payment_decided`: the payment is about to be captured."),
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
