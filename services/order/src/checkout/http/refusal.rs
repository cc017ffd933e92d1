//! Why no order came of a request, as the problem that tells the client what to do.

use axum::http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use web::{FieldError, Problem, idempotency};

use crate::{
    checkout::{
        PlaceOrderError,
        model::{MissingStock, ProductReference, RequestedLine, TooManyUnpaidUnits},
    },
    values::Quantity,
};

#[derive(Serialize)]
struct MissingLine {
    sku: String,
    requested: u32,
    available: u32,
}

pub fn of_placing(error: &PlaceOrderError) -> Problem {
    match error {
        PlaceOrderError::KeyInUse => idempotency::key_in_use(),
        PlaceOrderError::KeyReused => idempotency::key_reused(),
        PlaceOrderError::KeyExpired => Problem::conflict(
            "idempotency_key_expired",
            "The first request with this Idempotency-Key ended without an order. Send it again with a fresh key.",
        ),
        PlaceOrderError::TooManyOfCustomer => too_many("Too many orders of yours are under way; wait for their answers.", 1),
        PlaceOrderError::UnknownPaymentMethod => Problem::invalid(vec![FieldError::new(
            "/payment_method",
            "unknown_payment_method",
            "take one of GET /payment-methods",
        )]),
        PlaceOrderError::TooManyUnpaid => too_many("Too many orders of yours wait for their payment; pay or cancel one first.", 60),
        PlaceOrderError::TooManyUnpaidUnits(too_many) => too_many_unpaid_units(too_many),
        PlaceOrderError::Suspended => too_many("An order of yours could not be processed; wait before the next one.", 30),
        PlaceOrderError::QueueFull | PlaceOrderError::WaitedTooLong => Problem::unavailable(1),
        PlaceOrderError::OutOfStock(lines) => Problem::conflict(
            "out_of_stock",
            "There is not enough stock for some lines; see lines. Nothing was ordered.",
        )
        .with_member("lines", lines.iter().map(missing).collect::<Vec<_>>()),
        PlaceOrderError::UnknownProducts(lines) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown_product",
            "Some items name no product that can be bought; see errors. Nothing was ordered.",
        )
        .with_errors(lines.iter().flat_map(unknown).collect()),
        PlaceOrderError::PriceChanged { total } => Problem::conflict(
            "price_changed",
            "The total is another than expected_total; see total. Nothing was ordered.",
        )
        .with_member("total", total),
        PlaceOrderError::TotalTooLarge => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "total_too_large",
            "The total is larger than can be kept. Order less at once.",
        ),
        PlaceOrderError::TooManyUnits(sku) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_many_units",
            format!("The items of one product add up to more than {} units; see sku. Nothing was ordered.", Quantity::MAX),
        )
        .with_member("sku", sku.as_str()),
        PlaceOrderError::NotOrderable(_) => Problem::conflict(
            "item_not_orderable",
            "An item cannot be ordered at present. Nothing was ordered. Order the others without it, or try again later.",
        )
        .with_cause(error),
        PlaceOrderError::Unavailable(_) => Problem::unavailable(1).with_cause(error),
        PlaceOrderError::OutcomeUnknown(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "outcome_unknown",
            "What became of the order is not known yet. Send the same request again with its Idempotency-Key, which this answer names if you sent none: it finds out and never orders twice.",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
        .with_cause(error),
        PlaceOrderError::Refused(_) | PlaceOrderError::Failed(_) => Problem::internal(error),
    }
}

fn too_many(detail: &'static str, seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

fn too_many_unpaid_units(error: &TooManyUnpaidUnits) -> Problem {
    let TooManyUnpaidUnits {
        product,
        allowed,
        held,
        asked,
    } = error;
    let (member, name) = match product {
        ProductReference::Sku(sku) => ("sku", sku.to_string()),
        ProductReference::ProductId(id) => ("product_id", id.to_string()),
    };
    let most = u64::from(allowed.get());
    let then = if *asked > most {
        "Order fewer at once."
    } else {
        "Pay or cancel an order with it first, or order fewer."
    };
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_unpaid_units",
        format!(
            "At most {allowed} units of {name} may be in unpaid orders of one customer; yours have {held}, and this one asks for {asked}. Nothing was ordered. {then}"
        ),
    )
    .with_member(member, name)
    .with_member("allowed", allowed.get())
    .with_member("held", held);
    if *asked > most {
        // Waiting helps nobody here.
        return problem;
    }
    problem.with_header(header::RETRY_AFTER, HeaderValue::from(60))
}

fn missing(line: &MissingStock) -> MissingLine {
    MissingLine {
        sku: line.sku.to_string(),
        requested: line.requested,
        available: line.available,
    }
}

/// A line that was made of several items is wrong in each of them.
fn unknown(line: &RequestedLine) -> impl Iterator<Item = FieldError> {
    let field = match line.product {
        ProductReference::Sku(_) => "sku",
        ProductReference::ProductId(_) => "product_id",
    };
    let error = move |position| {
        FieldError::new(
            format!("/items/{position}/{field}"),
            "unknown_product",
            "no such product can be bought",
        )
    };
    line.positions.iter().map(error)
}
