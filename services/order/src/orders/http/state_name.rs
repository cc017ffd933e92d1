//! The three axes of an order's state as the API spells them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    infrastructure::http::names::names,
    orders::model::{CancelReason, FulfillmentStatus, PaymentStatus, Status},
};

names! {
    /// `pending` until its stock is committed, then `confirmed`; `completed` when it is delivered.
    OrderStatusName of Status { Pending, Confirmed, Completed, Cancelled }
    /// The status of the payment.
    PaymentStatusName of PaymentStatus { Unpaid, Authorized, Paid, PartiallyRefunded, Refunded, Failed }
    /// The status of the delivery.
    FulfillmentStatusName of FulfillmentStatus { Unfulfilled, Partial, Shipped, Delivered }
    /// Why an order was cancelled. `shortfall`: its stock was lost before it could be committed; `requested`: a user
    /// requested it; `expired`: it was not paid in time.
    CancelReasonName of CancelReason { Shortfall, Requested, Expired }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_spells_states_as_the_database_does() {
        for status in [
            Status::Pending,
            Status::Confirmed,
            Status::Completed,
            Status::Cancelled,
        ] {
            assert_eq!(
                serde_json::to_value(OrderStatusName::from(status)).unwrap(),
                status.as_str()
            );
        }
        let partly = PaymentStatus::PartiallyRefunded;
        assert_eq!(
            serde_json::to_value(PaymentStatusName::from(partly)).unwrap(),
            partly.as_str()
        );
    }
}
