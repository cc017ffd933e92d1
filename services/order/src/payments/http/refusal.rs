//! Errors of payments, and refused changes of orders and payments, as the problems that tell the client what to do.

use web::{Problem, conditional::IfMatch};

use crate::payments::{
    StartPaymentError,
    model::{IntentRefusal, PaymentError, PaymentState},
    ports::WebhookError,
};

impl From<StartPaymentError> for Problem {
    fn from(error: StartPaymentError) -> Self {
        match error {
            StartPaymentError::UnknownMethod => Self::invalid_field(
                "/payment_method",
                "unknown_payment_method",
                "no such payment method; see GET /payment-methods",
            ),
            StartPaymentError::Intent(error) => error.into(),
        }
    }
}

impl From<IntentRefusal> for Problem {
    fn from(refusal: IntentRefusal) -> Self {
        match refusal {
            IntentRefusal::NoPayment => Self::not_found(),
            IntentRefusal::Stale => IfMatch::stale(),
            IntentRefusal::NotPayable => Self::conflict(
                "order_not_payable",
                "The order is not waiting for a payment.",
            ),
            IntentRefusal::NotCancellable(status) => Self::conflict(
                "order_not_cancellable",
                "The order can no longer be cancelled.",
            )
            .with_member("current_status", status.as_str()),
            IntentRefusal::WhollyShipped => Self::conflict(
                "order_shipped",
                "The order is completely shipped, or about to be. Request a return instead.",
            ),
            IntentRefusal::Payment(error) => error.into(),
        }
    }
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Transition { from, to } => of_transition(from, to),
            PaymentError::Decided(decision) => Self::conflict(
                "payment_decided",
                format!(
                    "A decision to {} this payment is already pending; read it again in a moment.",
                    decision.as_str()
                ),
            ),
            PaymentError::TooMuch { left } => Self::conflict(
                "refund_exceeds_payment",
                "The amount exceeds the refundable amount of this payment; see refundable.",
            )
            .with_member("refundable", left),
            PaymentError::NoAmount => Self::invalid_field(
                "/amount",
                "invalid_amount",
                "the amount of a refund must be greater than zero",
            ),
        }
    }
}

fn of_transition(from: PaymentState, to: PaymentState) -> Problem {
    let (code, detail) = match to {
        PaymentState::Captured => (
            "payment_not_capturable",
            "Only an authorized payment can be captured.",
        ),
        PaymentState::Voided => (
            "payment_not_cancellable",
            "A payment can be cancelled only before it is captured; create a refund instead.",
        ),
        PaymentState::PartiallyRefunded | PaymentState::Refunded => (
            "payment_not_refundable",
            "Only a captured payment can be refunded.",
        ),
        PaymentState::Pending | PaymentState::Authorized | PaymentState::Failed => (
            "payment_state",
            "The state of the payment does not allow this operation.",
        ),
    };
    Problem::conflict(code, detail).with_member("current_status", from.as_str())
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Untrusted(_) => Self::unauthorized(
                "signature_invalid",
                "The signature of the webhook is not valid or too old.",
            ),
            WebhookError::Malformed(_) => {
                Self::invalid_field("", "invalid", "the webhook does not identify a payment")
            }
            WebhookError::Unavailable(_) => Self::unavailable(5).with_cause(&error),
        }
    }
}
