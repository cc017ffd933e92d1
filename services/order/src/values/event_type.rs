//! What can happen to an order, as history and subscribers name it.

use super::states::states;

states! { EventType {
    OrderCreated = "order.created",
    OrderUpdated = "order.updated",
    OrderConfirmed = "order.confirmed",
    OrderPaid = "order.paid",
    OrderShipped = "order.shipped",
    OrderDelivered = "order.delivered",
    OrderCompleted = "order.completed",
    OrderCancelRequested = "order.cancel_requested",
    OrderCancelRefused = "order.cancel_refused",
    OrderCancelled = "order.cancelled",
    OrderExpired = "order.expired",
    OrderShortfall = "order.shortfall",
    OrderAnonymized = "order.anonymized",
    PaymentStarted = "payment.started",
    PaymentAuthorized = "payment.authorized",
    PaymentCaptured = "payment.captured",
    PaymentFailed = "payment.failed",
    PaymentVoided = "payment.voided",
    PaymentRefundRequested = "payment.refund_requested",
    PaymentRefunded = "payment.refunded",
    PaymentRefundRefused = "payment.refund_refused",
    FulfillmentCreated = "fulfillment.created",
    FulfillmentShipping = "fulfillment.shipping",
    FulfillmentRefused = "fulfillment.refused",
    FulfillmentDelivered = "fulfillment.delivered",
    FulfillmentCancelled = "fulfillment.cancelled",
    ReturnRequested = "return.requested",
    ReturnApproved = "return.approved",
    ReturnRejected = "return.rejected",
    ReturnReceiving = "return.receiving",
    ReturnReceived = "return.received",
    ReturnRefused = "return.refused",
} }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::UnknownName;

    #[test]
    fn every_type_is_read_back() {
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert_eq!("order.vanished".parse::<EventType>(), Err(UnknownName));
    }
}
