//! Errors of placing an order, as the problems that tell the client what to do.

use axum::http::{HeaderValue, StatusCode, header};
use idempotency::{KeyInUse, KeyReused};
use web::{FieldError, Problem};

use crate::{
    checkout::{
        PlaceOrderError,
        model::{ProductReference, RequestedLine, TooManyUnpaidUnits},
    },
    values::Quantity,
};

impl From<PlaceOrderError> for Problem {
    fn from(error: PlaceOrderError) -> Self {
        match error {
            PlaceOrderError::KeyInUse => KeyInUse.into(),
            PlaceOrderError::KeyReused => KeyReused.into(),
            PlaceOrderError::KeyExpired => Self::conflict(
                "idempotency_key_expired",
                "The first request with this Idempotency-Key did not create an order. Send the request again with a new key.",
            ),
            PlaceOrderError::TooManyOfCustomer => too_many("Too many of your orders are in progress; wait for their responses.", 1),
            PlaceOrderError::UnknownPaymentMethod => Self::invalid_field(
                "/payment_method",
                "unknown_payment_method",
                "unknown payment method; use one of GET /payment-methods",
            ),
            PlaceOrderError::TooManyUnpaid => too_many("Too many of your orders are waiting for payment; pay or cancel one first.", 60),
            PlaceOrderError::TooManyUnpaidUnits(too_many) => too_many.into(),
            PlaceOrderError::Suspended => too_many("A recent order of yours could not be processed; wait before placing the next one.", 30),
            PlaceOrderError::QueueFull | PlaceOrderError::WaitedTooLong => Self::unavailable(1),
            PlaceOrderError::OutOfStock(lines) => Self::conflict(
                "out_of_stock",
                "Insufficient stock for some lines; see lines. No order was placed.",
            )
            .with_member("lines", lines),
            PlaceOrderError::UnknownProducts(lines) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_product",
                "Some items do not identify a product that can be ordered; see errors. No order was placed.",
            )
            .with_errors(lines.iter().flat_map(unknown).collect()),
            PlaceOrderError::PriceChanged { total } => Self::conflict(
                "price_changed",
                "The total differs from expected_total; see total. No order was placed.",
            )
            .with_member("total", total),
            PlaceOrderError::TotalTooLarge => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "total_too_large",
                "The total is too large. Split the order.",
            ),
            PlaceOrderError::TooManyUnits(sku) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many_units",
                format!("The items of one product add up to more than {} units; see sku. No order was placed.", Quantity::MAX),
            )
            .with_member("sku", sku.as_str()),
            PlaceOrderError::NotOrderable(_) => Self::conflict(
                "item_not_orderable",
                "An item cannot be ordered at present. No order was placed. Order without that item, or try again later.",
            )
            .with_cause(&error),
            PlaceOrderError::Unavailable(_) => Self::unavailable(1).with_cause(&error),
            PlaceOrderError::OutcomeUnknown(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "outcome_unknown",
                "The outcome of the order is not known yet. Send the same request again with its Idempotency-Key (this response contains the key if you sent none); it returns the outcome and never places a second order.",
            )
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
            .with_cause(&error),
            PlaceOrderError::Refused(_) | PlaceOrderError::Failed(_) => Self::internal(&error),
        }
    }
}

fn too_many(detail: &'static str, seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

impl From<TooManyUnpaidUnits> for Problem {
    fn from(error: TooManyUnpaidUnits) -> Self {
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
        let then = if asked > most {
            "Order fewer units."
        } else {
            "Pay or cancel an order that contains it first, or order fewer units."
        };
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_unpaid_units",
            format!(
                "Unpaid orders of one customer may contain at most {allowed} units of {name}; yours contain {held}, and this order adds {asked}. No order was placed. {then}"
            ),
        )
        .with_member(member, name)
        .with_member("allowed", allowed.get())
        .with_member("held", held);
        if asked > most {
            // Waiting does not help: the order alone has too many.
            return problem;
        }
        problem.with_header(header::RETRY_AFTER, HeaderValue::from(60))
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
            "no such product, or it cannot be ordered",
        )
    };
    line.positions.iter().map(error)
}
