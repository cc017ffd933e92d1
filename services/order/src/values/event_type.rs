//! What can happen to an order, as history and subscribers name it.

use std::str::FromStr;

use super::UnknownName;

macro_rules! event_types {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventType { $($variant),+ }

        impl EventType {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for EventType {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownName),
                }
            }
        }
    };
}

event_types! {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back() {
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert_eq!("order.vanished".parse::<EventType>(), Err(UnknownName));
    }
}
