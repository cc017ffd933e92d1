//! Why a payment was not started or changed, as the problem that tells the client what to do.

use idempotency::KeyReused;
use web::{Problem, conditional::IfMatch};

use crate::{
    intents::ports::IntentError,
    payments::{
        StartPaymentError,
        model::{IntentRefusal, PaymentError, PaymentState},
    },
};

/// The field `payment_method` of a body breaks a rule.
pub fn method(code: &'static str, message: String) -> Problem {
    Problem::invalid_field("/payment_method", code, message)
}

pub fn of_starting(error: &StartPaymentError) -> Problem {
    match error {
        StartPaymentError::UnknownMethod => method(
            "unknown_payment_method",
            "no such payment method; see GET /payment-methods".to_owned(),
        ),
        StartPaymentError::Intent(error) => of_intent(error),
    }
}

pub fn of_intent(error: &IntentError) -> Problem {
    match error {
        IntentError::NotFound => Problem::not_found(),
        IntentError::KeyReused => KeyReused.into(),
        IntentError::PaymentExists => Problem::conflict(
            "payment_exists",
            "The order already has a payment; see GET /payments?order=. Start a new one only after that has failed or is cancelled.",
        ),
        IntentError::Refused(refusal) => of_refusal(refusal),
        IntentError::Unavailable(_) => Problem::unavailable(1).with_cause(error),
        IntentError::Defect(_) => Problem::internal(error),
    }
}

fn of_refusal(refusal: &IntentRefusal) -> Problem {
    match refusal {
        IntentRefusal::NoPayment => Problem::not_found(),
        IntentRefusal::Stale => IfMatch::stale(),
        IntentRefusal::NotPayable => Problem::conflict(
            "order_not_payable",
            "The order is not waiting for a payment.",
        ),
        IntentRefusal::NotCancellable(status) => Problem::conflict(
            "order_not_cancellable",
            "The order can no longer be cancelled.",
        )
        .with_member("current_status", status.as_str()),
        IntentRefusal::WhollyShipped => Problem::conflict(
            "order_shipped",
            "The order is completely shipped, or about to be. Request a return instead.",
        ),
        IntentRefusal::Payment(error) => of_rule(error),
    }
}

fn of_rule(error: &PaymentError) -> Problem {
    match error {
        PaymentError::Transition { from, to } => of_transition(*from, *to),
        PaymentError::Decided(decision) => Problem::conflict(
            "payment_decided",
            format!(
                "A decision to {} this payment is already pending; read it again in a moment.",
                decision.as_str()
            ),
        ),
        PaymentError::TooMuch { left } => Problem::conflict(
            "refund_exceeds_payment",
            "The amount exceeds the refundable amount of this payment; see refundable.",
        )
        .with_member("refundable", left),
        PaymentError::NoAmount => Problem::invalid_field(
            "/amount",
            "invalid_amount",
            "the amount of a refund must be greater than zero",
        ),
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
