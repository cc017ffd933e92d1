//! `POST /payments/{id}/refunds`: gives money back. `POST /payments/refund/{id}` is its alias.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use garde::Validate;
use idempotency::RequestKey;
use money::Amount;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{FieldError, PathParameters, Problem, ValidJson, schema::Line};

use super::{payment_refusal, payment_view::RefundView};
use crate::{
    app::App,
    intents::http::wisher::wisher,
    values::{PaymentId, Text},
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = NewRefund, example = json!({ "amount": "9.99", "reason": "Arrived broken" }))]
pub struct NewRefundBody {
    /// If absent: the remaining amount of the payment.
    amount: Option<Amount>,
    #[schema(value_type = Option<Line<200>>, inline)]
    reason: Option<String>,
}

/// Refund a payment
///
/// Refunds an amount of a captured payment, or the remaining amount, and returns the refund as `pending`; it becomes
/// `succeeded` or `failed` once the provider has responded. Any number of refunds can be made, up to the captured
/// amount.
#[utoipa::path(
    post,
    path = "/payments/{id}/refunds",
    tag = "payments",
    security(("bearer" = [])),
    params(
        ("id" = PaymentId, Path, description = "The payment."),
        RequestKey,
    ),
    request_body = NewRefundBody,
    responses(
        (status = 201, description = "The refund was started.", body = RefundView),
        (status = 403, description = "The role admin is required."),
        (status = 404, description = "No such payment."),
        (status = 409, description = "`payment_not_refundable`, or `refund_exceeds_payment` (with `refundable`)."),
        (status = 429, description = "`too_many_requests`: too many changes by this customer, or to this resource, are in progress."),
    ),
)]
pub async fn create_refund(
    State(app): State<App>,
    caller: Requires<payments::Refund>,
    PathParameters(id): PathParameters<PaymentId>,
    key: RequestKey,
    ValidJson(body): ValidJson<NewRefundBody>,
) -> Result<impl IntoResponse, Problem> {
    let mut errors = Vec::new();
    let mut broken = |pointer: &str, code, message: String| {
        errors.push(FieldError::new(pointer, code, message));
    };
    let amount = body
        .amount
        .and_then(|amount| match amount.in_currency(app.currency) {
            Ok(amount) if amount.minor > 0 => Some(amount),
            Ok(_) => {
                broken(
                    "/amount",
                    "invalid_amount",
                    "the amount of a refund must be greater than zero".to_owned(),
                );
                None
            }
            Err(error) => {
                broken("/amount", "invalid_amount", error.to_string());
                None
            }
        });
    let reason = body
        .reason
        .and_then(|reason| match Text::<200>::try_from(reason) {
            Ok(reason) => Some(reason.to_string()),
            Err(error) => {
                broken("/reason", "invalid", error.to_string());
                None
            }
        });
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let refunded = app
        .refund_payment
        .run(&wisher(&caller, &key), id, amount, reason)
        .await
        .map_err(|error| payment_refusal::of_intent(&error))?;
    let (_, refund) = refunded.result;
    Ok((
        StatusCode::CREATED,
        idempotency::replayed(refunded.replayed),
        Json(RefundView::from(refund)),
    ))
}
