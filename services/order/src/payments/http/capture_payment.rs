//! `POST /payments/{id}/capture`: captures the authorized amount.

use access::{Requires, permissions::payments};
use axum::{extract::State, http::StatusCode, response::IntoResponse};
use idempotency::RequestKey;
use web::{PathParameters, Problem};

use super::payment_view::PaymentView;
use crate::{
    app::App, intents::http::requester, payments::model::PaymentDecision, values::PaymentId,
};

/// Capture a payment
///
/// Captures the full authorized amount of a payment that was started with `capture: manual`. The response shows the
/// decision; the status changes asynchronously.
#[utoipa::path(
    post,
    path = "/payments/{id}/capture",
    tag = "payments",
    params(Requires<payments::Capture>, ("id" = PaymentId, Path, description = "The payment."), RequestKey),
    responses(
        (status = 202, description = "The payment will become `captured`.", body = PaymentView, headers(
            ("ETag" = String, description = "The payment's version."),
        )),
        (status = 404, description = "No such payment."),
        (status = 409, description = "`payment_not_capturable`, or `payment_decided`: the payment is about to be voided."),
    ),
)]
pub async fn capture_payment(
    State(app): State<App>,
    caller: Requires<payments::Capture>,
    PathParameters(id): PathParameters<PaymentId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let captured = app
        .decide_payment
        .run(&requester(&caller, &key), id, PaymentDecision::Capture)
        .await?;
    Ok((StatusCode::ACCEPTED, captured.map(PaymentView::from)))
}
