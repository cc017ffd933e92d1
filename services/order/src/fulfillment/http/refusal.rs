//! Refused steps of a fulfillment, as the problems that tell the client what to do.

use web::Problem;

use crate::fulfillment::model::FulfillmentError;

impl From<FulfillmentError> for Problem {
    fn from(error: FulfillmentError) -> Self {
        match error {
            FulfillmentError::NotFound => Self::not_found(),
            FulfillmentError::NotConfirmed(status) => Self::conflict(
                "order_not_confirmed",
                "Only confirmed orders can be shipped.",
            )
            .with_member("current_status", status.as_str()),
            FulfillmentError::BeingCancelled => Self::conflict(
                "order_being_cancelled",
                "The order is being cancelled and can no longer be shipped.",
            ),
            FulfillmentError::NotPaid(payment) => Self::conflict(
                "not_paid",
                "The order can be shipped only after its payment is captured.",
            )
            .with_member("payment_status", payment.as_str()),
            FulfillmentError::NoSuchStep(state) => Self::conflict(
                "no_such_transition",
                format!(
                    "The shipment is {}; this transition is not allowed.",
                    state.as_str()
                ),
            )
            .with_member("current_status", state.as_str()),
            FulfillmentError::Selection(error) => error.into(),
        }
    }
}
