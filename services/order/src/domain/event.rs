//! What happened to an order, as history and subscribers name it: one event for each version.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{UnknownName, UserId};

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

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The saga and other work of the service itself.
    System,
    /// A payment provider, by webhook or poll.
    Provider,
    Customer(UserId),
    Vendor(UserId),
    Admin(UserId),
}

impl Actor {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Provider => "provider",
            Self::Customer(_) => "customer",
            Self::Vendor(_) => "vendor",
            Self::Admin(_) => "admin",
        }
    }

    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::System | Self::Provider => None,
            Self::Customer(id) | Self::Vendor(id) | Self::Admin(id) => Some(id),
        }
    }
}

/// An event about to be written, of the version that its order gets with it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    pub event_type: EventType,
    pub actor: Actor,
    /// What it tells beside the order's state. Nothing personal but ids.
    pub details: Map<String, Value>,
}

impl NewEvent {
    pub fn new(event_type: EventType, actor: Actor) -> Self {
        Self {
            event_type,
            actor,
            details: Map::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// An event as it was written, maybe by another release: its type is a name that this one need not know.
#[derive(Clone, Debug, PartialEq)]
pub struct PastEvent {
    pub version: i64,
    pub event_id: Uuid,
    pub event_type: String,
    pub actor: String,
    pub actor_id: Option<Uuid>,
    pub occurred_at: DateTime<Utc>,
    pub data: Value,
}

/// The right to publish the events of one partition. Whoever takes it later has a higher fence, and then this one
/// writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionLease {
    pub partition: i16,
    pub fence: i64,
}

/// What a round of publishing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    pub events: usize,
    /// A partition was not emptied: there is more at once.
    pub more: bool,
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
