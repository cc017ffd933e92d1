//! What product is told about goods that leave and come back, and the right to tell it.

use uuid::Uuid;

use super::shipping_status;
use crate::{
    orders::model::{NewEvent, OrderState},
    values::{Actor, EventType, FulfillmentId, OrderId, Quantity, Sku},
};

/// Units that leave or come back together; its id is what product knows it by, so telling it twice does it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub id: Uuid,
    pub order_id: OrderId,
    pub lines: Vec<(Sku, Quantity)>,
}

/// The right to carry one parcel on. Whoever takes it later has a higher fence, and then this one writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParcelLease {
    pub id: Uuid,
    pub fence: i64,
}

/// A parcel taken, and the attempts so far with this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelTurn {
    pub lease: ParcelLease,
    pub attempts: u32,
    pub parcel: Parcel,
}

/// Product's answer about one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelOutcome {
    /// It is shipped, or has come back; now or earlier.
    Done,
    Refused(ParcelRefusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelRefusal {
    /// The stock of the order is not committed, or not any more.
    NotCommitted,
    /// More than is left to ship, or than was shipped.
    TooMany,
    /// Product knows nothing of the order.
    Gone,
    /// Product knows another parcel by this id.
    Mismatch,
}

impl ParcelOutcome {
    /// What the order becomes of which this parcel was to leave, and its event. `units`: to be shipped and shipped of
    /// each line of the order, those of this parcel among them.
    pub fn of_shipping(
        self,
        parcel: FulfillmentId,
        order: &mut OrderState,
        units: impl IntoIterator<Item = (u32, u32)>,
    ) -> NewEvent {
        let event =
            |event| NewEvent::new(event, Actor::System).with("fulfillment_id", parcel.to_string());
        match self {
            Self::Done => event(order.fulfil(shipping_status(units), EventType::OrderShipped)),
            Self::Refused(refusal) => {
                event(order.record(EventType::FulfillmentRefused)).with("refusal", refusal.as_str())
            }
        }
    }
}

impl ParcelRefusal {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCommitted => "not_committed",
            Self::TooMany => "too_many",
            Self::Gone => "gone",
            Self::Mismatch => "mismatch",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::model::FulfillmentStatus;

    #[test]
    fn an_order_is_as_far_as_its_parcels() {
        let mut state = OrderState::placed();
        let parcel = FulfillmentId(Uuid::nil());
        let event = ParcelOutcome::Done.of_shipping(parcel, &mut state, [(2, 2), (1, 0)]);
        assert_eq!(event.event_type, EventType::OrderShipped);
        assert_eq!(
            (state.fulfillment, state.version),
            (FulfillmentStatus::Partial, 2)
        );
        ParcelOutcome::Done.of_shipping(parcel, &mut state, [(2, 2), (1, 1)]);
        assert!(state.wholly_shipped());
    }

    #[test]
    fn a_parcel_that_is_refused_leaves_the_order_as_it_is() {
        let mut state = OrderState::placed();
        let refused = ParcelOutcome::Refused(ParcelRefusal::TooMany);
        let event = refused.of_shipping(FulfillmentId(Uuid::nil()), &mut state, [(2, 2)]);
        assert_eq!(event.event_type, EventType::FulfillmentRefused);
        assert_eq!(event.details["refusal"], "too_many");
        assert_eq!(
            (state.fulfillment, state.version),
            (FulfillmentStatus::Unfulfilled, 2)
        );
    }
}
