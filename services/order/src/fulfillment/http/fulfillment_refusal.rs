//! Why nothing came of a step of a fulfillment, as the problem that tells the client what to do.

use axum::http::{HeaderValue, header};
use web::Problem;

use crate::{
    fulfillment::{FulfillOrderError, model::FulfillmentError},
    orders::{http::refusal, model::SelectionError},
};

pub fn of_fulfilling(error: &FulfillOrderError) -> Problem {
    match error {
        FulfillOrderError::NotFound => Problem::not_found(),
        FulfillOrderError::Contended => contended(),
        FulfillOrderError::Refused(refused) => of_rule(refused),
        FulfillOrderError::Orders(error) => refusal::of_reading(error),
    }
}

pub fn contended() -> Problem {
    Problem::conflict(
        "order_being_changed",
        "Another request is changing this order. Try again in a moment.",
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

fn of_rule(error: &FulfillmentError) -> Problem {
    match error {
        FulfillmentError::NotFound => Problem::not_found(),
        FulfillmentError::NotConfirmed(status) => Problem::conflict(
            "order_not_confirmed",
            "Only confirmed orders can be shipped.",
        )
        .with_member("current_status", status.as_str()),
        FulfillmentError::BeingCancelled => Problem::conflict(
            "order_being_cancelled",
            "The order is being cancelled and can no longer be shipped.",
        ),
        FulfillmentError::NotPaid(payment) => Problem::conflict(
            "not_paid",
            "The order can be shipped only after its payment is captured.",
        )
        .with_member("payment_status", payment.as_str()),
        FulfillmentError::NoSuchStep(state) => Problem::conflict(
            "no_such_transition",
            format!(
                "The shipment is {}; this transition is not allowed.",
                state.as_str()
            ),
        )
        .with_member("current_status", state.as_str()),
        FulfillmentError::Selection(error) => of_selection(error),
    }
}

pub fn of_selection(error: &SelectionError) -> Problem {
    match error {
        SelectionError::UnknownLine { index } => Problem::invalid_field(
            format!("/items/{index}/sku"),
            "unknown_item",
            "the order has no such item, or it belongs to another vendor",
        ),
        SelectionError::TooMany { index, left } => Problem::invalid_field(
            format!("/items/{index}/quantity"),
            "too_many",
            format!("only {left} units are left"),
        ),
        SelectionError::NothingLeft => Problem::conflict(
            "nothing_left",
            "No unit of the order that you may use is left.",
        ),
    }
}
