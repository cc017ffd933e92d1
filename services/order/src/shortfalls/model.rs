//! Units of an order that are not in stock after all: what is left of it, and what that means. Pure.

use uuid::Uuid;

use crate::{
    fulfillment::model::shipping_status,
    orders::model::{Hold, NewEvent, OrderState},
    values::{Actor, EventType, OrderId, Sku},
};

/// Units that an order had committed and that product does not have any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// What product knows it by.
    pub id: Uuid,
    pub order_id: OrderId,
    pub sku: Sku,
    pub quantity: u64,
}

/// A line of an order and what has become of its units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineLeft {
    pub position: i16,
    pub sku: Sku,
    pub unit_price_minor: i64,
    pub quantity: u32,
    pub shipped: u32,
    pub short: u32,
}

/// What a shortfall does to an order: its new state, the lines that are shorter now, and the event.
#[derive(Clone, Debug, PartialEq)]
pub struct ShortOrder {
    pub state: OrderState,
    pub hold: Hold,
    pub lines: Vec<LineLeft>,
    pub taken: u32,
    /// What they cost.
    pub minor: i64,
    pub event: NewEvent,
}

impl LineLeft {
    fn to_ship(&self) -> u32 {
        self.quantity
            .saturating_sub(self.shipped)
            .saturating_sub(self.short)
    }
}

impl Shortfall {
    /// `None`: the order has nothing to ship any more, so nothing of it falls short.
    pub fn of(&self, mut state: OrderState, hold: Hold, lines: &[LineLeft]) -> Option<ShortOrder> {
        if !state.status.is_open() {
            return None;
        }
        let mut lines = lines.to_vec();
        let (mut missing, mut taken, mut minor) = (self.quantity, 0_u32, 0_i64);
        for line in lines.iter_mut().filter(|line| line.sku == self.sku) {
            let units = line
                .to_ship()
                .min(u32::try_from(missing).unwrap_or(u32::MAX));
            line.short += units;
            missing -= u64::from(units);
            taken += units;
            // No more than the order's total.
            minor = minor.saturating_add(line.unit_price_minor.saturating_mul(units.into()));
        }
        if taken == 0 {
            return None;
        }
        let anything_shipped = lines.iter().any(|line| line.shipped > 0);
        let anything_left = lines.iter().any(|line| line.to_ship() > 0);
        let hold = if anything_left || anything_shipped {
            hold
        } else {
            // Its saga cancels what has nothing left.
            Hold::Lost
        };
        let owed = |line: &LineLeft| (line.quantity.saturating_sub(line.short), line.shipped);
        let so_far = if anything_shipped {
            shipping_status(lines.iter().map(owed))
        } else {
            state.fulfillment
        };
        let event = state.fulfil(so_far, EventType::OrderShortfall);
        let event = NewEvent::new(event, Actor::System)
            .with("shortfall_id", self.id.to_string())
            .with("sku", self.sku.as_str())
            .with("quantity", taken)
            .with("amount_minor", minor);
        Some(ShortOrder {
            state,
            hold,
            lines,
            taken,
            minor,
            event,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::model::{CancelReason, FulfillmentStatus};

    fn sku(text: &str) -> Sku {
        Sku::try_from(text.to_owned()).unwrap()
    }

    fn line(name: &str, quantity: u32, shipped: u32) -> LineLeft {
        LineLeft {
            position: 0,
            sku: sku(name),
            unit_price_minor: 10,
            quantity,
            shipped,
            short: 0,
        }
    }

    fn confirmed() -> OrderState {
        let mut state = OrderState::placed();
        state.confirm().unwrap();
        state
    }

    fn short(lines: &[LineLeft], quantity: u64) -> Option<ShortOrder> {
        let shortfall = Shortfall {
            id: Uuid::nil(),
            order_id: OrderId(Uuid::nil()),
            sku: sku("MUG"),
            quantity,
        };
        shortfall.of(confirmed(), Hold::Committed, lines)
    }

    #[test]
    fn an_order_with_nothing_left_is_lost() {
        let order = short(&[line("MUG", 2, 0)], 2).unwrap();
        assert_eq!((order.hold, order.taken, order.minor), (Hold::Lost, 2, 20));
        assert_eq!(order.state.version, 3);
    }

    #[test]
    fn what_is_left_goes_on() {
        let order = short(&[line("MUG", 3, 0), line("CUP", 1, 0)], 3).unwrap();
        assert_eq!((order.hold, order.taken), (Hold::Committed, 3));
        let order = short(&[line("MUG", 3, 0)], 1).unwrap();
        assert_eq!((order.hold, order.minor), (Hold::Committed, 10));
        assert_eq!(order.state.fulfillment, FulfillmentStatus::Unfulfilled);
    }

    #[test]
    fn what_was_shipped_is_not_taken_and_may_be_all() {
        let order = short(&[line("MUG", 3, 1)], 9).unwrap();
        assert_eq!((order.hold, order.taken), (Hold::Committed, 2));
        assert_eq!(order.state.fulfillment, FulfillmentStatus::Shipped);
        assert_eq!(short(&[line("MUG", 3, 3)], 1), None);
        assert_eq!(short(&[line("CUP", 3, 0)], 1), None);
    }

    #[test]
    fn an_order_that_has_ended_is_let_be() {
        let mut state = confirmed();
        state.cancel(CancelReason::Requested).unwrap();
        let shortfall = Shortfall {
            id: Uuid::nil(),
            order_id: OrderId(Uuid::nil()),
            sku: sku("MUG"),
            quantity: 1,
        };
        let lines = [line("MUG", 1, 0)];
        assert_eq!(shortfall.of(state, Hold::Released, &lines), None);
    }
}
