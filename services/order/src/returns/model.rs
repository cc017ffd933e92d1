//! Goods that come back: which units, by which steps, and what they cost. A return as it stands is read together with
//! the parcels of its order, and is `fulfillment::model::Return`.

use money::Money;

use crate::{
    fulfillment::model::{
        Dispatch, Packing, PackingError, ParcelLine, ParcelOutcome, ParcelRefusal, Return,
        ReturnReason, ReturnState,
    },
    orders::model::{Merchant, NewEvent, OrderState},
    values::{Actor, EventType, ReturnId, UserId},
};

/// A step to be written, all or nothing, if the order still has the version that was read.
#[derive(Clone, Debug)]
pub struct ReturnStep {
    pub read_version: i64,
    pub state: OrderState,
    pub event: NewEvent,
    pub change: ReturnChange,
}

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

/// A return of which product was told, with the event that makes the new version of its order.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldReturn {
    pub state: ReturnState,
    pub refusal: Option<ParcelRefusal>,
    pub event: NewEvent,
}

impl ToldReturn {
    /// By product's answer. `refund`: what went back for it.
    pub fn of(id: ReturnId, refund: Money, outcome: ParcelOutcome, order: &mut OrderState) -> Self {
        let event = |event| NewEvent::new(event, Actor::System).with("return_id", id.to_string());
        match outcome {
            ParcelOutcome::Done => Self {
                state: ReturnState::Received,
                refusal: None,
                event: event(order.record(EventType::ReturnReceived))
                    .with("refund_minor", refund.minor),
            },
            // Whoever approved it may try again, or reject it.
            ParcelOutcome::Refused(refusal) => Self {
                state: ReturnState::Approved,
                refusal: Some(refusal),
                event: event(order.record(EventType::ReturnRefused))
                    .with("refusal", refusal.as_str()),
            },
        }
    }
}

#[derive(Clone, Debug)]
pub struct NewReturn {
    pub id: ReturnId,
    pub lines: Vec<ParcelLine>,
    pub reason: Option<ReturnReason>,
    pub refund: Money,
}

/// What is done with a return on the shop's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnAction {
    Approve,
    Receive,
    Reject,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReturnError {
    /// There is none, or it holds what the caller does not sell.
    #[error("no such return")]
    NotFound,
    #[error("the return is {}", _0.as_str())]
    NoSuchStep(ReturnState),
    #[error(transparent)]
    Packing(#[from] PackingError),
}

impl Dispatch {
    /// The returns that this merchant may see: with nothing in them of somebody else's.
    pub fn returns_of(&self, merchant: Merchant) -> impl Iterator<Item = &Return> {
        self.returns
            .iter()
            .filter(move |one| self.sells_all(merchant, &one.lines))
    }

    /// The customer wants to give back what was shipped.
    pub fn request_return(
        &self,
        customer: UserId,
        id: ReturnId,
        packing: &Packing,
        reason: Option<ReturnReason>,
    ) -> Result<ReturnStep, ReturnError> {
        let free: Vec<u32> = self
            .units
            .iter()
            .map(|units| units.shipped.saturating_sub(units.returned))
            .collect();
        let lines = self.pack(packing, free, |_| true)?;
        let currency = self.order.totals.currency();
        let refund = lines.iter().fold(0_i64, |sum, line| {
            let price = self.order.lines.get(line.position);
            let price = price.map_or(0, |line| line.unit_price.minor);
            // No more than the order's total.
            sum.saturating_add(price.saturating_mul(line.quantity.get().into()))
        });
        let change = ReturnChange::Request(NewReturn {
            id,
            lines,
            reason,
            refund: Money::new(refund, currency),
        });
        let actor = Actor::Customer(customer);
        Ok(self.return_step(id, EventType::ReturnRequested, actor, change))
    }

    /// `None`: it has been done before.
    pub fn move_return(
        &self,
        by: Merchant,
        id: ReturnId,
        action: ReturnAction,
    ) -> Result<Option<ReturnStep>, ReturnError> {
        use ReturnState::{Approved, Received, Receiving, Rejected, Requested};
        let found = self.returns_of(by).find(|one| one.id == id);
        let from = found.ok_or(ReturnError::NotFound)?.state;
        let (event, to) = match (action, from) {
            (ReturnAction::Approve, Requested) => (EventType::ReturnApproved, Approved),
            (ReturnAction::Receive, Approved) => (EventType::ReturnReceiving, Receiving),
            (ReturnAction::Reject, Requested | Approved) => (EventType::ReturnRejected, Rejected),
            (ReturnAction::Approve, Approved | Receiving | Received)
            | (ReturnAction::Receive, Receiving | Received)
            | (ReturnAction::Reject, Rejected) => return Ok(None),
            (ReturnAction::Approve, Rejected)
            | (ReturnAction::Receive, Requested | Rejected)
            | (ReturnAction::Reject, Receiving | Received) => {
                return Err(ReturnError::NoSuchStep(from));
            }
        };
        let change = ReturnChange::Move {
            id,
            from,
            to,
            frees_units: to == Rejected,
        };
        Ok(Some(self.return_step(id, event, by.actor(), change)))
    }

    fn return_step(
        &self,
        id: ReturnId,
        event: EventType,
        actor: Actor,
        change: ReturnChange,
    ) -> ReturnStep {
        let mut state = self.order.state;
        let event = state.record(event);
        ReturnStep {
            read_version: self.order.state.version,
            state,
            event: NewEvent::new(event, actor).with("return_id", id.to_string()),
            change,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::fulfillment::model::fulfillment::tests::dispatch;

    const ID: ReturnId = ReturnId(Uuid::nil());

    fn told(outcome: ParcelOutcome) -> (ToldReturn, OrderState) {
        let mut order = OrderState::placed();
        let refund = Money::new(250, "USD".parse().unwrap());
        let told = ToldReturn::of(ID, refund, outcome, &mut order);
        (told, order)
    }

    #[test]
    fn what_product_took_back_is_received_and_says_what_was_refunded() {
        let (told, order) = told(ParcelOutcome::Done);
        assert_eq!((told.state, told.refusal), (ReturnState::Received, None));
        assert_eq!(told.event.event_type, EventType::ReturnReceived);
        assert_eq!(told.event.details["refund_minor"], 250);
        assert_eq!(order.version, 2);
    }

    #[test]
    fn what_product_did_not_take_back_is_approved_as_before_and_says_why() {
        let (told, order) = told(ParcelOutcome::Refused(ParcelRefusal::Gone));
        assert_eq!(told.state, ReturnState::Approved);
        assert_eq!(told.event.event_type, EventType::ReturnRefused);
        assert_eq!(told.event.details["refusal"], "gone");
        assert_eq!(order.version, 2);
    }

    /// An order of which everything was shipped, with a return of one mug in this state.
    fn returning(state: ReturnState) -> Dispatch {
        let mut dispatch = dispatch();
        for (units, line) in dispatch.units.iter_mut().zip(&dispatch.order.lines) {
            units.shipped = line.quantity.get();
        }
        dispatch.units[0].returned = 1;
        let line = &dispatch.order.lines[0];
        dispatch.returns.push(Return {
            id: ID,
            order_id: dispatch.order.id,
            state,
            lines: vec![ParcelLine {
                position: 0,
                sku: line.sku.clone(),
                quantity: 1.try_into().unwrap(),
            }],
            reason: None,
            refund: line.unit_price,
            refusal: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        });
        dispatch
    }

    #[test]
    fn what_was_shipped_and_is_in_no_return_comes_back_at_its_price() {
        let shipped = returning(ReturnState::Approved);
        let customer = shipped.order.customer;
        let step = shipped.request_return(customer, ID, &Packing::Rest, None);
        let step = step.unwrap();
        assert_eq!(step.event.event_type, EventType::ReturnRequested);
        assert_eq!((step.read_version, step.state.version), (2, 3));
        let ReturnChange::Request(new) = step.change else {
            unreachable!("{:?}", step.change)
        };
        let lines = new.lines.iter();
        let lines: Vec<_> = lines
            .map(|one| (one.position, one.quantity.get()))
            .collect();
        assert_eq!(lines, [(0, 2), (1, 1)]);
        assert_eq!(new.refund.minor, 300);
        let unshipped = dispatch();
        let refused = unshipped.request_return(customer, ID, &Packing::Rest, None);
        let left = ReturnError::Packing(PackingError::NothingLeft);
        assert_eq!(refused.unwrap_err(), left);
    }

    #[test]
    fn a_return_goes_its_way_and_no_step_back() {
        use ReturnState::{Approved, Received, Receiving, Rejected, Requested};
        let (approve, receive, reject) = (
            ReturnAction::Approve,
            ReturnAction::Receive,
            ReturnAction::Reject,
        );
        let admin = Merchant::Admin(UserId(Uuid::nil()));
        for (action, from, expected, frees) in [
            (approve, Requested, Approved, false),
            (receive, Approved, Receiving, false),
            (reject, Requested, Rejected, true),
            (reject, Approved, Rejected, true),
        ] {
            let step = returning(from).move_return(admin, ID, action);
            let ReturnChange::Move {
                to, frees_units, ..
            } = step.unwrap().unwrap().change
            else {
                unreachable!()
            };
            assert_eq!((to, frees_units), (expected, frees));
        }
        for (action, done) in [
            (approve, Approved),
            (approve, Received),
            (receive, Receiving),
            (receive, Received),
            (reject, Rejected),
        ] {
            let step = returning(done).move_return(admin, ID, action);
            assert!(step.unwrap().is_none());
        }
        for (action, from) in [
            (approve, Rejected),
            (receive, Requested),
            (receive, Rejected),
            (reject, Receiving),
            (reject, Received),
        ] {
            let step = returning(from).move_return(admin, ID, action);
            assert_eq!(step.unwrap_err(), ReturnError::NoSuchStep(from));
        }
    }

    #[test]
    fn a_return_of_goods_of_others_is_not_there_for_a_vendor() {
        let stranger = Merchant::Vendor(UserId(Uuid::max()));
        let step =
            returning(ReturnState::Requested).move_return(stranger, ID, ReturnAction::Reject);
        assert_eq!(step.unwrap_err(), ReturnError::NotFound);
    }
}
