//! Orders that have ended forget their deleted customer (ORDERS 28). What is still to be delivered, paid back or returned
//! needs its address and its texts until then.

use super::{NewEvent, OrderState, Status};
use crate::values::{Actor, EventType};

/// What is not finished of an order, whatever its status says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    pub saga: bool,
    pub money: MoneyUnderWay,
    /// A shipment or a return.
    pub goods: bool,
}

/// The most of these that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MoneyUnderWay {
    #[default]
    None,
    /// Money was captured, and no refund because of a cancellation exists.
    Unreturned,
    /// A payment or a refund is not finished.
    Moving,
}

impl OrderState {
    /// The order forgets who its customer is, except for their id. `None`: it still needs to know.
    pub fn anonymize(&mut self, under_way: UnderWay) -> Option<NewEvent> {
        let UnderWay { saga, money, goods } = under_way;
        let owed = match money {
            MoneyUnderWay::None => false,
            // A capture can become known after the saga of the cancellation has ended: the saga is opened again.
            MoneyUnderWay::Unreturned => self.status == Status::Cancelled,
            MoneyUnderWay::Moving => true,
        };
        if self.status.is_open() || saga || owed || goods {
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
                money: MoneyUnderWay::Moving,
                ..nothing
            },
            UnderWay {
                money: MoneyUnderWay::Unreturned,
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
            money: MoneyUnderWay::Unreturned,
            ..UnderWay::default()
        };
        assert!(order.anonymize(paid).is_some());
    }
}
