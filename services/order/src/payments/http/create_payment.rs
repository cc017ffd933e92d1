//! `POST /payments`: starts the payment of an order.

use access::{Requires, permissions::payments};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use idempotency::RequestKey;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{JsonBody, Problem};

use super::payment_view::{CaptureModeName, PaymentView};
use crate::{app::App, intents::http::requester, payments::model::PaymentMethod, values::OrderId};

/// The amount is always the order's total.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPayment, example = json!({ "order_id": "ord_01932c5e-7d2a-7c3e-9f00-0242ac120002", "payment_method": "mock_ok" }))]
pub struct NewPaymentBody {
    order_id: OrderId,
    /// One of `GET /payment-methods`.
    #[schema(pattern = "^[a-z0-9_]{1,64}$", example = "mock_ok")]
    payment_method: String,
    /// `automatic` by default; `manual` requires the role admin.
    capture: Option<CaptureModeName>,
}

/// Start a payment
///
/// Starts a payment of the order's total and returns it as `pending`; the result follows once the provider has
/// responded. Allowed for an order that waits for payment: it named no `payment_method`, or its last payment failed.
#[utoipa::path(
    post,
    path = "/payments",
    tag = "payments",
    params(Requires<payments::Create>, RequestKey),
    request_body = NewPaymentBody,
    responses(
        (status = 201, description = "The payment was started.", body = PaymentView, headers(
            ("Location" = String, description = "The payment's address."),
            ("ETag" = String, description = "The payment's version."),
        )),
        (status = 403, description = "The role customer or admin is required; `capture: manual` requires the role admin."),
        (status = 404, description = "No such order, or it belongs to another customer."),
        (status = 409, description = "`order_not_payable` or `payment_exists`."),
        (status = 422, description = "`unknown_payment_method`."),
    ),
)]
pub async fn create_payment(
    State(app): State<App>,
    caller: Requires<payments::Create>,
    key: RequestKey,
    JsonBody(body): JsonBody<NewPaymentBody>,
) -> Result<impl IntoResponse, Problem> {
    if body.capture == Some(CaptureModeName::Manual) && !caller.may::<payments::Capture>() {
        return Err(Problem::forbidden(
            "Only an admin may start a payment with capture: manual.",
        ));
    }
    let method = PaymentMethod::try_from(body.payment_method)
        .map_err(|error| Problem::invalid_field("/payment_method", "invalid", error.to_string()))?;
    let capture = body.capture.map(Into::into);
    let started = app
        .start_payment
        .run(&requester(&caller, &key), body.order_id, &method, capture)
        .await?;
    let location = format!("/api/v1/payments/{}", started.result.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        started.map(PaymentView::from),
    ))
}
