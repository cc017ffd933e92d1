//! Payments and refunds as clients see them.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::conditional::ETag;

use crate::{
    infrastructure::http::names::names,
    payments::model::{
        CaptureMode, Payment, PaymentDecision, PaymentState, Refund, RefundCause, RefundState,
    },
    values::{OrderId, PaymentId, RefundId, UserId},
};

names! {
    /// The status of a payment: `pending` until the provider has responded, `failed` if it refused, `voided` if the
    /// payment was cancelled before it was captured.
    PaymentStateName of PaymentState { Pending, Authorized, Captured, PartiallyRefunded, Refunded, Failed, Voided }
    /// `automatic`: the payment is captured once the stock is committed. `manual`: an admin captures it.
    CaptureModeName of CaptureMode { Automatic, Manual }
    /// The pending decision on a payment.
    PaymentDecisionName of PaymentDecision { Capture, Void }
    RefundStateName of RefundState { Pending, Succeeded, Failed }
    /// Why the money is refunded: an admin requested it, the order was cancelled, or goods were returned.
    RefundCauseName of RefundCause { Requested, Cancelled, Returned }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    #[serde(skip)]
    version: i64,
    id: PaymentId,
    order_id: OrderId,
    /// The customer of the order.
    user_id: UserId,
    #[schema(example = "mock")]
    provider: &'static str,
    #[schema(example = "mock_ok")]
    payment_method: String,
    capture: CaptureModeName,
    status: PaymentStateName,
    /// Decided but not carried out yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    decision: Option<PaymentDecisionName>,
    /// The provider's reason for the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "card_declined")]
    failure_reason: Option<String>,
    amount: Money,
    authorized: Money,
    captured: Money,
    /// The amount of refunds in progress.
    refund_pending: Money,
    refunded: Money,
    /// The provider's reference of this payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    provider_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    note: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Only the status of a payment, for polling.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentStatusAnswer)]
pub struct PaymentStatusView {
    id: PaymentId,
    order_id: OrderId,
    status: PaymentStateName,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "card_declined")]
    failure_reason: Option<String>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundView {
    id: RefundId,
    payment_id: PaymentId,
    amount: Money,
    status: RefundStateName,
    cause: RefundCauseName,
    /// The reason given by the requester.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    reason: Option<String>,
    /// The provider's reason for the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "account_closed")]
    failure_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            version: payment.version,
            id: payment.id,
            order_id: payment.order_id,
            user_id: payment.customer,
            provider: payment.provider.as_str(),
            payment_method: payment.method.to_string(),
            capture: payment.capture.into(),
            status: payment.state.into(),
            decision: open_decision(&payment),
            failure_reason: payment.refusal.as_ref().map(ToString::to_string),
            amount: payment.amount,
            authorized: payment.authorized,
            captured: payment.captured,
            refund_pending: payment.refund_pending,
            refunded: payment.refunded,
            provider_reference: payment.reference.as_ref().map(ToString::to_string),
            note: payment.note.clone(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// With its version as the ETag.
impl IntoResponse for PaymentView {
    fn into_response(self) -> Response {
        (ETag(self.version), Json(self)).into_response()
    }
}

/// A decision that was executed is not shown: the status shows its result.
fn open_decision(payment: &Payment) -> Option<PaymentDecisionName> {
    match payment.state {
        PaymentState::Pending | PaymentState::Authorized => payment.decision.map(Into::into),
        PaymentState::Captured
        | PaymentState::PartiallyRefunded
        | PaymentState::Refunded
        | PaymentState::Failed
        | PaymentState::Voided => None,
    }
}

impl From<Payment> for PaymentStatusView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            status: payment.state.into(),
            failure_reason: payment.refusal.as_ref().map(ToString::to_string),
            updated_at: payment.updated_at,
        }
    }
}

impl From<Refund> for RefundView {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            payment_id: refund.payment_id,
            amount: refund.amount,
            status: refund.state.into(),
            cause: refund.cause.into(),
            reason: refund.reason.clone(),
            failure_reason: refund.refusal.as_ref().map(ToString::to_string),
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_spells_states_as_the_database_does() {
        for state in [
            PaymentState::Pending,
            PaymentState::Authorized,
            PaymentState::Captured,
            PaymentState::PartiallyRefunded,
            PaymentState::Refunded,
            PaymentState::Failed,
            PaymentState::Voided,
        ] {
            assert_eq!(
                serde_json::to_value(PaymentStateName::from(state)).unwrap(),
                state.as_str()
            );
        }
        for (name, word) in [
            (CaptureMode::Automatic, "automatic"),
            (CaptureMode::Manual, "manual"),
        ] {
            assert_eq!(
                serde_json::to_value(CaptureModeName::from(name)).unwrap(),
                word
            );
        }
    }
}
