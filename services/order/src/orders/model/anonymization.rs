//! Orders that have ended forget their deleted customer (ORDERS 28). What is still to be delivered, paid back or returned
//! needs its address and its texts until then.

use super::{NewEvent, OrderState, Status};
use crate::values::{Actor, EventType};

/// What is not finished of an order, whatever its status says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    pub saga: bool,
    /// A payment or a refund.
    pub money: bool,
    /// Money was captured, and no refund because of a cancellation exists.
    pub unreturned: bool,
    /// A shipment or a return.
    pub goods: bool,
}

impl OrderState {
    /// The order forgets who its customer is, except for their id. `None`: it still needs to know.
    pub fn anonymize(&mut self, under_way: UnderWay) -> Option<NewEvent> {
        let UnderWay {
            saga,
            money,
            unreturned,
            goods,
        } = under_way;
        // A capture can become known after the saga of the cancellation has ended: the saga is opened again.
        let owed = unreturned && self.status == Status::Cancelled;
        if self.status.is_open() || saga || money || owed || goods {
            return None;
        }
        let event = self.record(EventType::OrderAnonymized);
        Some(NewEvent::new(event, Actor::System))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::model::{CancelReason, StoredState};

    #[test]
    fn only_an_ended_order_with_nothing_under_way_is_anonymized() {
        let mut order = OrderState::placed();
        assert_eq!(order.anonymize(UnderWay::default()), None, "pending");
        order.confirm().unwrap();
        assert_eq!(order.anonymize(UnderWay::default()), None, "confirmed");
        order.cancel(CancelReason::Requested).unwrap();
        let version = order.version;
        let nothing = UnderWay::default();
        for under_way in [
            UnderWay {
                saga: true,
                ..nothing
            },
            UnderWay {
                money: true,
                ..nothing
            },
            UnderWay {
                unreturned: true,
                ..nothing
            },
            UnderWay {
                goods: true,
                ..nothing
            },
        ] {
            assert_eq!(order.anonymize(under_way), None, "{under_way:?}");
            assert_eq!(order.version, version);
        }
        let event = order.anonymize(nothing).unwrap();
        assert_eq!(event.event_type, EventType::OrderAnonymized);
        assert_eq!(event.actor, Actor::System);
        assert!(event.details.is_empty());
        assert_eq!(order.version, version + 1);
    }

    #[test]
    fn a_completed_order_keeps_its_money() {
        let mut order = OrderState::stored(StoredState {
            status: Status::Completed,
            ..*OrderState::placed()
        });
        let paid = UnderWay {
            unreturned: true,
            ..UnderWay::default()
        };
        assert!(order.anonymize(paid).is_some());
    }
}
