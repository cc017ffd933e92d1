//! Errors of orders, as the problems that tell the client what to do.

use axum::http::{HeaderValue, header};
use web::{FieldError, Problem, conditional::IfMatch};

use crate::orders::{
    CancelOrderError, PartError, ReviseOrderError,
    model::{RevisionError, SelectionError},
    ports::OrdersError,
};

impl From<OrdersError> for Problem {
    fn from(error: OrdersError) -> Self {
        match error {
            OrdersError::Unavailable(_) => Self::unavailable(1).with_cause(&error),
            OrdersError::Refused(_) | OrdersError::Defect(_) => Self::internal(&error),
        }
    }
}

impl From<CancelOrderError> for Problem {
    fn from(error: CancelOrderError) -> Self {
        match error {
            CancelOrderError::Intent(error) => error.into(),
            CancelOrderError::Orders(error) => error.into(),
        }
    }
}

impl From<ReviseOrderError> for Problem {
    fn from(error: ReviseOrderError) -> Self {
        match error {
            ReviseOrderError::NotFound => Self::not_found(),
            ReviseOrderError::Stale => IfMatch::stale(),
            ReviseOrderError::Refused(refused) => refused.into(),
            ReviseOrderError::Orders(error) => error.into(),
        }
    }
}

impl From<RevisionError> for Problem {
    fn from(error: RevisionError) -> Self {
        match error {
            RevisionError::NotPending(status) => Self::conflict(
                "order_not_pending",
                "The address and the note can be changed only while the order is pending.",
            )
            .with_member("current_status", status.as_str()),
            RevisionError::NoSuchStep { from, to } => Self::conflict(
                "no_such_transition",
                format!(
                    "An order that is {} cannot be set to {}. Use the endpoints for cancelling, paying and shipping.",
                    from.as_str(),
                    to.as_str()
                ),
            ),
            RevisionError::IncompleteAddress { missing } => Self::invalid(
                missing
                    .iter()
                    .map(|part| {
                        FieldError::new(
                            format!("/shipping_address/{part}"),
                            "required",
                            "the order has no address yet; send a complete address",
                        )
                    })
                    .collect(),
            ),
            RevisionError::NotShipped => Self::conflict(
                "not_shipped",
                "The order can be completed only after all its units are shipped.",
            ),
            RevisionError::NotPaid(payment) => Self::conflict(
                "not_paid",
                "The order can be completed only after its payment is captured.",
            )
            .with_member("payment_status", payment.as_str()),
            RevisionError::NotWhollyOwn => Self::forbidden(
                "The order contains lines of other vendors; only an admin may set its status.",
            ),
        }
    }
}

/// Of a shipment or a return.
impl<E: Into<Problem>> From<PartError<E>> for Problem {
    fn from(error: PartError<E>) -> Self {
        match error {
            PartError::NotFound => Self::not_found(),
            PartError::Contended => Self::conflict(
                "order_being_changed",
                "Another request is changing this order. Try again in a moment.",
            )
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1")),
            PartError::Refused(refused) => refused.into(),
            PartError::Orders(error) => error.into(),
        }
    }
}

impl From<SelectionError> for Problem {
    fn from(error: SelectionError) -> Self {
        match error {
            SelectionError::UnknownLine { index } => Self::invalid_field(
                format!("/items/{index}/sku"),
                "unknown_item",
                "the order has no such item, or it belongs to another vendor",
            ),
            SelectionError::TooMany { index, left } => Self::invalid_field(
                format!("/items/{index}/quantity"),
                "too_many",
                format!("only {left} units are left"),
            ),
            SelectionError::NothingLeft => Self::conflict(
                "nothing_left",
                "No unit of the order that you may use is left.",
            ),
        }
    }
}
