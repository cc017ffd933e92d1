//! `POST /payments`: starts the payment of an order.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    conditional::ETag,
    idempotency::RequestKey,
    problem::ProblemDocument,
    token::{CustomerOrAdmin, Fresh, Role},
};

use super::{
    payment_refusal,
    payment_view::{CaptureModeName, PaymentView},
};
use crate::{
    app::App, infrastructure::http::replay, intents::http::wisher::wisher,
    payments::model::PaymentMethod, values::OrderId,
};

/// The amount is the order's total; nothing else can be paid.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = NewPayment, example = json!({ "order_id": "ord_01932c5e-7d2a-7c3e-9f00-0242ac120002", "payment_method": "mock_ok" }))]
pub struct NewPaymentBody {
    order_id: OrderId,
    /// One of `GET /payment-methods`.
    #[schema(pattern = "^[a-z0-9_]{1,64}$", example = "mock_ok")]
    payment_method: String,
    /// `automatic` if absent; `manual` is for admins.
    capture: Option<CaptureModeName>,
}

/// Pay an order
///
/// Starts a payment of the order's total, and answers with it, `pending`: the result comes as soon as the provider has
/// answered. For an order that waits for its payment: one that named no `payment_method`, or whose last payment failed.
#[utoipa::path(
    post,
    path = "/payments",
    tag = "payments",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Fresh for every new request, the same when one is repeated. 1 to 255 printable ASCII characters. Without one the server makes a key, and a repeated request is carried out again; shops may require it.")),
    request_body = NewPaymentBody,
    responses(
        (status = 201, description = "The payment is started.", body = PaymentView, headers(
            ("Location" = String, description = "The payment's address."),
            ("ETag" = String, description = "The payment's version."),
            ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key started the payment."),
            ("Idempotency-Key" = String, description = "The key that the server made, if none was sent; send it with a repeated request."),
            ("Idempotency-Notice" = String, description = "Only if no Idempotency-Key was sent: a request repeated without that key is carried out again."),
        )),
        (status = 400, description = "Not JSON, or no usable Idempotency-Key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin, or asks for what only an admin may.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order, or it is somebody else's.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`order_not_payable` or `payment_exists`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field breaks a rule, no such payment method is offered, or `idempotency_key_reused`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After, with the same key.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn create_payment(
    State(app): State<App>,
    caller: Fresh<CustomerOrAdmin>,
    key: RequestKey,
    ValidJson(body): ValidJson<NewPaymentBody>,
) -> Result<impl IntoResponse, Problem> {
    if body.capture == Some(CaptureModeName::Manual) && !caller.has(Role::Admin) {
        return Err(Problem::forbidden(
            "Only an admin may have a payment captured by hand.",
        ));
    }
    let method = PaymentMethod::try_from(body.payment_method)
        .map_err(|error| payment_refusal::method(error.to_string()))?;
    let capture = body.capture.map(Into::into);
    let started = app
        .start_payment
        .run(&wisher(&caller, &key), body.order_id, &method, capture)
        .await
        .map_err(|error| payment_refusal::of_starting(&error))?;
    let payment = started.result;
    let mut headers = replay::headers(started.replayed);
    let location = HeaderValue::try_from(format!("/api/v1/payments/{}", payment.id));
    headers.insert(
        header::LOCATION,
        location.map_err(|error| Problem::internal(&error))?,
    );
    Ok((
        StatusCode::CREATED,
        ETag(payment.version),
        headers,
        Json(PaymentView::from(payment)),
    ))
}
