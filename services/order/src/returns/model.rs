//! Goods that come back: which units, by which steps, and what they cost.

use chrono::{DateTime, Utc};
use money::Money;

use crate::{
    fulfillment::model::{Moved, Movement, MovementOutcome},
    orders::model::{
        NewEvent, OrderPart, OrderState, OrderWith, PartLine, Selection, SelectionError, Seller,
    },
    values::{Actor, EventType, OrderId, ReturnId, Text, UserId, states::states},
};

states! {
    /// The state of a return. `Receiving`: the goods are here; it is being reported to product and refunded.
    ReturnState {
        Requested = "requested",
        Approved = "approved",
        Receiving = "receiving",
        Received = "received",
        Rejected = "rejected",
    }
}

impl ReturnState {
    /// A decision or the goods are still awaited.
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Requested | Self::Approved | Self::Receiving => true,
            Self::Received | Self::Rejected => false,
        }
    }
}

/// Why goods come back, in the customer's words.
pub type ReturnReason = Text<500>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    pub id: ReturnId,
    pub order_id: OrderId,
    pub state: ReturnState,
    pub lines: Vec<PartLine>,
    pub reason: Option<ReturnReason>,
    /// The price of the lines: refunded when they are received, as far as a payment has that much left.
    pub refund: Money,
    /// Why product refused them.
    pub refusal: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// An order with its returns.
pub type OrderReturns = OrderWith<Return>;

#[derive(Clone, Debug)]
pub enum ReturnChange {
    Request(NewReturn),
    Move {
        id: ReturnId,
        from: ReturnState,
        to: ReturnState,
        /// Its units may be returned again.
        frees_units: bool,
    },
}

#[derive(Clone, Debug)]
pub struct NewReturn {
    pub id: ReturnId,
    pub lines: Vec<PartLine>,
    pub reason: Option<ReturnReason>,
    pub refund: Money,
}

/// A return that is to be reported to product and refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedReturn {
    pub movement: Movement,
    /// The amount to be refunded.
    pub refund: Money,
}

/// A step of a return on the shop's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnAction {
    Approve,
    Receive,
    Reject,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReturnError {
    /// There is none, or it contains a line that the caller does not sell.
    #[error("no such return")]
    NotFound,
    #[error("the return is {}", _0.as_str())]
    NoSuchStep(ReturnState),
    #[error(transparent)]
    Selection(#[from] SelectionError),
}

impl OrderPart for Return {
    type Id = ReturnId;
    type Change = ReturnChange;

    fn id(&self) -> ReturnId {
        self.id
    }

    fn lines(&self) -> &[PartLine] {
        &self.lines
    }
}

impl AsRef<Movement> for ReceivedReturn {
    fn as_ref(&self) -> &Movement {
        &self.movement
    }
}

impl ReceivedReturn {
    /// Its new state and that of its order, by product's answer.
    pub fn told(
        &self,
        outcome: MovementOutcome,
        order: &mut OrderState,
    ) -> (Moved<ReturnState>, NewEvent) {
        let event = |event| return_event(event, Actor::System, ReturnId(self.movement.id));
        let (state, refusal, event) = match outcome {
            MovementOutcome::Done => {
                let received = event(order.record(EventType::ReturnReceived));
                let event = received.with("refund_minor", self.refund.minor);
                (ReturnState::Received, None, event)
            }
            // It may be received again later, or rejected.
            MovementOutcome::Refused(refusal) => {
                let refused = event(order.record(EventType::ReturnRefused));
                let event = refused.with("refusal", refusal.as_str());
                (ReturnState::Approved, Some(refusal), event)
            }
        };
        (Moved { state, refusal }, event)
    }
}

impl OrderReturns {
    /// The customer requests to return shipped units.
    pub fn request(
        &mut self,
        customer: UserId,
        id: ReturnId,
        selection: &Selection,
        reason: Option<ReturnReason>,
    ) -> Result<(), ReturnError> {
        let lines = self.select(
            selection,
            |_, units| units.shipped.saturating_sub(units.returned),
            |_| true,
        )?;
        let refund = lines.iter().fold(0_i64, |sum, line| {
            let price = self.order().lines.get(line.position);
            let price = price.map_or(0, |line| line.unit_price.minor);
            // No more than the order's total.
            sum.saturating_add(price.saturating_mul(line.quantity.get().into()))
        });
        let refund = Money::new(refund, self.order().totals.currency());
        self.record(EventType::ReturnRequested, Actor::Customer(customer), id);
        self.write(ReturnChange::Request(NewReturn {
            id,
            lines,
            reason,
            refund,
        }));
        Ok(())
    }

    /// Taking the same step again changes nothing.
    pub fn act(
        &mut self,
        by: Seller,
        id: ReturnId,
        action: ReturnAction,
    ) -> Result<(), ReturnError> {
        use ReturnAction::{Approve, Receive, Reject};
        use ReturnState::{Approved, Received, Receiving, Rejected, Requested};
        let from = self.part_of(by, id).ok_or(ReturnError::NotFound)?.state;
        let (event, to) = match (action, from) {
            (Approve, Requested) => (EventType::ReturnApproved, Approved),
            (Receive, Approved) => (EventType::ReturnReceiving, Receiving),
            (Reject, Requested | Approved) => (EventType::ReturnRejected, Rejected),
            (Approve, Approved | Receiving | Received)
            | (Receive, Receiving | Received)
            | (Reject, Rejected) => return Ok(()),
            (Approve, Rejected)
            | (Receive, Requested | Rejected)
            | (Reject, Receiving | Received) => return Err(ReturnError::NoSuchStep(from)),
        };
        self.record(event, by.actor(), id);
        self.write(ReturnChange::Move {
            id,
            from,
            to,
            frees_units: to == Rejected,
        });
        Ok(())
    }

    fn record(&mut self, event: EventType, by: Actor, id: ReturnId) {
        self.advance(|order| Some(return_event(order.record(event), by, id)));
    }
}

fn return_event(event: EventType, by: Actor, id: ReturnId) -> NewEvent {
    NewEvent::new(event, by).with("return_id", id.to_string())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::fulfillment::model::{Fixture, MovementRefusal};

    const ID: ReturnId = ReturnId(Uuid::nil());

    fn told(outcome: MovementOutcome) -> (Moved<ReturnState>, NewEvent, OrderState) {
        let mut order = OrderState::placed();
        let one = ReceivedReturn {
            movement: Movement {
                id: ID.0,
                order_id: OrderId(Uuid::nil()),
                lines: Vec::new(),
            },
            refund: Money::new(250, "USD".parse().unwrap()),
        };
        let (moved, event) = one.told(outcome, &mut order);
        (moved, event, order)
    }

    #[test]
    fn what_product_took_back_is_received_and_says_what_was_refunded() {
        let (moved, event, order) = told(MovementOutcome::Done);
        assert_eq!((moved.state, moved.refusal), (ReturnState::Received, None));
        assert_eq!(event.event_type, EventType::ReturnReceived);
        assert_eq!(event.details["refund_minor"], 250);
        assert_eq!(order.version, 2);
    }

    #[test]
    fn what_product_did_not_take_back_is_approved_as_before_and_says_why() {
        let (moved, event, order) = told(MovementOutcome::Refused(MovementRefusal::Gone));
        assert_eq!(moved.state, ReturnState::Approved);
        assert_eq!(event.event_type, EventType::ReturnRefused);
        assert_eq!(event.details["refusal"], "gone");
        assert_eq!(order.version, 2);
    }

    /// An order of which everything was shipped, with a return of one mug in this state.
    fn returning(state: ReturnState) -> OrderReturns {
        let Fixture {
            order, mut units, ..
        } = Fixture::confirmed();
        for (units, line) in units.iter_mut().zip(&order.lines) {
            units.shipped = line.quantity.get();
        }
        units[0].returned = 1;
        let line = &order.lines[0];
        let one = Return {
            id: ID,
            order_id: order.id,
            state,
            lines: vec![PartLine {
                position: 0,
                sku: line.sku.clone(),
                quantity: 1.try_into().unwrap(),
            }],
            reason: None,
            refund: line.unit_price,
            refusal: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        OrderWith::stored(order, units, [(ID, Ok(one))])
    }

    #[test]
    fn what_was_shipped_and_is_in_no_return_comes_back_at_its_price() {
        let mut shipped = returning(ReturnState::Approved);
        let customer = shipped.order().customer;
        let requested = shipped.request(customer, ID, &Selection::Rest, None);
        assert_eq!(requested, Ok(()));
        let [(state, event)] = shipped.versions() else {
            unreachable!("{:?}", shipped.versions())
        };
        assert_eq!(event.event_type, EventType::ReturnRequested);
        assert_eq!((shipped.read_version(), state.version), (2, 3));
        let Some(ReturnChange::Request(new)) = shipped.change() else {
            unreachable!("{:?}", shipped.change())
        };
        let lines = new.lines.iter();
        let lines: Vec<_> = lines
            .map(|one| (one.position, one.quantity.get()))
            .collect();
        assert_eq!(lines, [(0, 2), (1, 1)]);
        assert_eq!(new.refund.minor, 300);
        let Fixture { order, units, .. } = Fixture::confirmed();
        let mut unshipped = OrderReturns::stored(order, units, []);
        let refused = unshipped.request(customer, ID, &Selection::Rest, None);
        let left = ReturnError::Selection(SelectionError::NothingLeft);
        assert_eq!(refused, Err(left));
    }

    #[test]
    fn a_return_goes_its_way_and_no_step_back() {
        use ReturnAction::{Approve, Receive, Reject};
        use ReturnState::{Approved, Received, Receiving, Rejected, Requested};
        let admin = Seller::Admin(UserId(Uuid::nil()));
        for (action, from, expected, frees) in [
            (Approve, Requested, Approved, false),
            (Receive, Approved, Receiving, false),
            (Reject, Requested, Rejected, true),
            (Reject, Approved, Rejected, true),
        ] {
            let mut order = returning(from);
            order.act(admin, ID, action).unwrap();
            let Some(ReturnChange::Move {
                to, frees_units, ..
            }) = order.change()
            else {
                unreachable!()
            };
            assert_eq!((*to, *frees_units), (expected, frees));
        }
        for (action, done) in [
            (Approve, Approved),
            (Approve, Received),
            (Receive, Receiving),
            (Receive, Received),
            (Reject, Rejected),
        ] {
            let mut order = returning(done);
            order.act(admin, ID, action).unwrap();
            assert!(order.change().is_none() && order.versions().is_empty());
        }
        for (action, from) in [
            (Approve, Rejected),
            (Receive, Requested),
            (Receive, Rejected),
            (Reject, Receiving),
            (Reject, Received),
        ] {
            let refused = returning(from).act(admin, ID, action);
            assert_eq!(refused, Err(ReturnError::NoSuchStep(from)));
        }
    }

    #[test]
    fn a_return_of_goods_of_others_is_not_there_for_a_vendor() {
        let stranger = Seller::Vendor(UserId(Uuid::max()));
        let refused = returning(ReturnState::Requested).act(stranger, ID, ReturnAction::Reject);
        assert_eq!(refused, Err(ReturnError::NotFound));
    }
}
