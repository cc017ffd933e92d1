//! `POST /payments/{id}/refunds`: refunds an amount of a payment. `POST /payments/refund/{id}` is its alias.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use idempotency::RequestKey;
use money::{Amount, Currency, Money};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{JsonBody, PathParameters, Problem, schema::Line};

use super::payment_view::RefundView;
use crate::{
    app::App,
    infrastructure::http::field_errors::FieldErrors,
    intents::http::requester,
    values::{PaymentId, Text},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRefund, example = json!({ "amount": "9.99", "reason": "Arrived broken" }))]
pub struct NewRefundBody {
    /// If absent: the remaining amount of the payment.
    amount: Option<Amount>,
    #[schema(value_type = Option<Line<200>>, inline)]
    reason: Option<String>,
}

impl NewRefundBody {
    fn parse(self, currency: Currency) -> Result<(Option<Money>, Option<String>), Problem> {
        let mut errors = FieldErrors::default();
        let amount = self.amount.and_then(|amount| {
            let refusal = "the amount of a refund must be greater than zero";
            errors.amount("/amount", &amount, currency, 1, refusal)
        });
        let reason = self
            .reason
            .and_then(|reason| errors.keep("/reason", Text::<200>::try_from(reason)));
        errors.check()?;
        Ok((amount, reason.map(|reason| reason.to_string())))
    }
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
    params(Requires<payments::Refund>, ("id" = PaymentId, Path, description = "The payment."), RequestKey),
    request_body = NewRefundBody,
    responses(
        (status = 201, description = "The refund was started.", body = RefundView),
        (status = 404, description = "No such payment."),
        (status = 409, description = "`payment_not_refundable`, or `refund_exceeds_payment` (with `refundable`)."),
    ),
)]
pub async fn create_refund(
    State(app): State<App>,
    caller: Requires<payments::Refund>,
    PathParameters(id): PathParameters<PaymentId>,
    key: RequestKey,
    JsonBody(body): JsonBody<NewRefundBody>,
) -> Result<impl IntoResponse, Problem> {
    let (amount, reason) = body.parse(app.currency)?;
    let refunded = app
        .refund_payment
        .run(&requester(&caller, &key), id, amount, reason)
        .await?
        .map(|(_, refund)| RefundView::from(refund));
    Ok((StatusCode::CREATED, refunded.map(Json)))
}
