//! Why an order was not changed by hand, as the problem that tells the client what to do.

use web::{FieldError, Problem, conditional::IfMatch};

use super::refusal;
use crate::orders::{ReviseOrderError, model::RevisionError};

pub fn of_revising(error: &ReviseOrderError) -> Problem {
    match error {
        ReviseOrderError::NotFound => Problem::not_found(),
        ReviseOrderError::Stale => IfMatch::stale(),
        ReviseOrderError::Refused(refused) => of_rule(refused),
        ReviseOrderError::Orders(error) => refusal::of_reading(error),
    }
}

fn of_rule(error: &RevisionError) -> Problem {
    match error {
        RevisionError::NotPending(status) => Problem::conflict(
            "order_not_pending",
            "The address and the note can be changed only while the order is pending.",
        )
        .with_member("current_status", status.as_str()),
        RevisionError::NoSuchStep { from, to } => Problem::conflict(
            "no_such_transition",
            format!(
                "An order that is {} cannot be set to {}. Use the endpoints for cancelling, paying and shipping.",
                from.as_str(),
                to.as_str()
            ),
        ),
        RevisionError::IncompleteAddress { missing } => Problem::invalid(
            missing
                .iter()
                .map(|part| {
                    let pointer = format!("/shipping_address/{part}");
                    FieldError::new(
                        pointer,
                        "required",
                        "the order has no address yet; send a complete address",
                    )
                })
                .collect(),
        ),
        RevisionError::NotShipped => Problem::conflict(
            "not_shipped",
            "The order can be completed only after all its units are shipped.",
        ),
        RevisionError::NotPaid(payment) => Problem::conflict(
            "not_paid",
            "The order can be completed only after its payment is captured.",
        )
        .with_member("payment_status", payment.as_str()),
        RevisionError::NotWhollyOwn => Problem::forbidden(
            "The order contains lines of other vendors; only an admin may set its status.",
        ),
    }
}
