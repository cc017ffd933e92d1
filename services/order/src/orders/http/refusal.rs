//! Why orders were not read or written, as the problem that tells the client what to do.

use web::Problem;

use crate::orders::ports::OrdersError;

pub fn of_reading(error: &OrdersError) -> Problem {
    match error {
        OrdersError::Unavailable(_) => Problem::unavailable(1).with_cause(error),
        OrdersError::Refused(_) | OrdersError::Defect(_) => Problem::internal(error),
    }
}
