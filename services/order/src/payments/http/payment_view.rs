//! Payments and refunds as clients see them.

use chrono::{DateTime, Utc};
use money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    infrastructure::http::names::names,
    payments::model::{
        CaptureMode, Payment, PaymentDecision, PaymentState, Refund, RefundCause, RefundState,
    },
    values::{OrderId, PaymentId, RefundId, UserId},
};

names! {
    /// How far a payment is: `pending` until the provider has answered, `failed` if it refused, `voided` if the payment
    /// was given up before money moved.
    PaymentStateName of PaymentState { Pending, Authorized, Captured, PartiallyRefunded, Refunded, Failed, Voided }
    /// `automatic`: the money is taken as soon as the goods are the customer's. `manual`: when an admin says so.
    CaptureModeName of CaptureMode { Automatic, Manual }
    /// What is about to become of a payment.
    PaymentDecisionName of PaymentDecision { Capture, Void }
    RefundStateName of RefundState { Pending, Succeeded, Failed }
    /// Why money goes back: an admin asked for it, the order was cancelled, goods were returned.
    RefundCauseName of RefundCause { Requested, Cancelled, Returned }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    id: PaymentId,
    order_id: OrderId,
    /// Whose order it is.
    user_id: UserId,
    #[schema(example = "mock")]
    provider: &'static str,
    #[schema(example = "mock_ok")]
    payment_method: String,
    capture: CaptureModeName,
    status: PaymentStateName,
    /// Decided, and not done yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    decision: Option<PaymentDecisionName>,
    /// Why the provider refused, in its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "card_declined")]
    failure_reason: Option<String>,
    amount: Money,
    authorized: Money,
    captured: Money,
    /// On its way back.
    refund_pending: Money,
    refunded: Money,
    /// What the provider calls this payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    provider_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    note: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// How far a payment is, and nothing else: for polling.
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
    /// In the words of whoever asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    reason: Option<String>,
    /// Why the provider refused, in its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "account_closed")]
    failure_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
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

/// A decision that is carried out is history: the status says it.
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
