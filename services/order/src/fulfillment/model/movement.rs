//! What is reported to product about goods that leave and come back, and what its answer means.

use uuid::Uuid;

use super::{FulfillmentState, shipping_status};
use crate::{
    orders::model::{NewEvent, OrderState, PartLine},
    values::{Actor, EventType, FulfillmentId, OrderId, states::states},
};

/// Units that leave or come back together. Product knows them by the id, and applies a repeated report once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub id: Uuid,
    pub order_id: OrderId,
    pub lines: Vec<PartLine>,
}

/// Product's answer about one movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementOutcome {
    /// It was shipped, or has come back; now or earlier.
    Done,
    Refused(MovementRefusal),
}

states! {
    /// `NotCommitted`: the order's stock is not committed. `TooMany`: more units than remain to be shipped, or than were
    /// shipped. `Gone`: product does not know the order. `Mismatch`: product knows a different movement by this id.
    MovementRefusal {
        NotCommitted = "not_committed",
        TooMany = "too_many",
        Gone = "gone",
        Mismatch = "mismatch",
    }
}

/// The new state of what was reported to product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved<S> {
    pub state: S,
    pub refusal: Option<MovementRefusal>,
}

impl AsRef<Self> for Movement {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl MovementOutcome {
    /// The new state of a fulfillment that was to be shipped, and of its order. `units`: to be shipped and shipped of each line
    /// of the order, including those of this fulfillment.
    pub fn of_shipping(
        self,
        id: FulfillmentId,
        order: &mut OrderState,
        units: impl IntoIterator<Item = (u32, u32)>,
    ) -> (Moved<FulfillmentState>, NewEvent) {
        let event =
            |event| NewEvent::new(event, Actor::System).with("fulfillment_id", id.to_string());
        let (state, refusal, event) = match self {
            Self::Done => {
                let shipped = order.fulfil(shipping_status(units), EventType::OrderShipped);
                (FulfillmentState::Shipped, None, event(shipped))
            }
            // It may be shipped again later, or cancelled.
            Self::Refused(refusal) => {
                let refused = event(order.record(EventType::FulfillmentRefused));
                let event = refused.with("refusal", refusal.as_str());
                (FulfillmentState::Planned, Some(refusal), event)
            }
        };
        (Moved { state, refusal }, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::model::FulfillmentStatus;

    const ID: FulfillmentId = FulfillmentId(Uuid::nil());

    #[test]
    fn an_order_is_as_far_as_its_fulfillments() {
        let mut state = OrderState::placed();
        let (moved, event) = MovementOutcome::Done.of_shipping(ID, &mut state, [(2, 2), (1, 0)]);
        assert_eq!(
            (moved.state, moved.refusal),
            (FulfillmentState::Shipped, None)
        );
        assert_eq!(event.event_type, EventType::OrderShipped);
        assert_eq!(
            (state.fulfillment, state.version),
            (FulfillmentStatus::Partial, 2)
        );
        MovementOutcome::Done.of_shipping(ID, &mut state, [(2, 2), (1, 1)]);
        assert!(state.wholly_shipped());
    }

    #[test]
    fn a_fulfillment_that_is_refused_leaves_the_order_as_it_is() {
        let mut state = OrderState::placed();
        let refused = MovementOutcome::Refused(MovementRefusal::TooMany);
        let (moved, event) = refused.of_shipping(ID, &mut state, [(2, 2)]);
        assert_eq!(moved.state, FulfillmentState::Planned);
        assert_eq!(event.event_type, EventType::FulfillmentRefused);
        assert_eq!(event.details["refusal"], "too_many");
        assert_eq!(
            (state.fulfillment, state.version),
            (FulfillmentStatus::Unfulfilled, 2)
        );
    }
}
