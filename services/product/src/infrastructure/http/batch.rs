//! Calls of `order` that carry many orders at once.

use serde::Serialize;
use uuid::Uuid;
use web::Problem;

use crate::stock::reservations::model::{MAX_BATCH, MAX_LINES};

/// The outcome of each order.
#[derive(Serialize)]
pub(crate) struct Outcomes<T> {
    pub(crate) outcomes: Vec<T>,
}

/// 422 for more orders than one call may have.
pub(crate) fn check_batch(orders: usize) -> Result<(), Problem> {
    if orders <= MAX_BATCH {
        Ok(())
    } else {
        Err(Problem::invalid_field(
            "",
            "batch_too_large",
            format!("at most {MAX_BATCH} orders per request"),
        ))
    }
}

/// 422 for an order without lines, or with too many.
pub(crate) fn check_lines(order: Uuid, lines: usize) -> Result<(), Problem> {
    if (1..=MAX_LINES).contains(&lines) {
        Ok(())
    } else {
        Err(Problem::invalid_field(
            "",
            "lines_out_of_range",
            format!("order {order} must have 1 to {MAX_LINES} lines"),
        ))
    }
}
