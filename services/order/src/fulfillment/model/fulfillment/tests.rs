//! One test for each rule of what is planned, shipped and delivered of an order.

use chrono::DateTime;
use money::Money;
use uuid::Uuid;

use super::*;
use crate::{
    orders::model::{CancelReason, LineUnits, Order, OrderLine, OrderState, StoredOrder, Totals},
    values::{ProductId, Quantity, Sku, UserId},
};

const ADMIN: Seller = Seller::Admin(UserId(Uuid::nil()));
const ID: FulfillmentId = FulfillmentId(Uuid::nil());

const fn vendor(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn units(number: u32) -> Quantity {
    Quantity::try_from(number).unwrap()
}

fn line(sku: &str, quantity: u32, of: UserId) -> OrderLine {
    let price = Money::new(100, "USD".parse().unwrap());
    OrderLine {
        product_id: ProductId(Uuid::nil()),
        vendor_id: of,
        sku: Sku::try_from(sku.to_owned()).unwrap(),
        name: sku.to_owned(),
        unit_price: price,
        quantity: units(quantity),
        total: Money::new(100 * i64::from(quantity), price.currency),
    }
}

/// What an order with its fulfillments is made of.
pub struct Fixture {
    pub order: Order,
    pub units: Vec<LineUnits>,
    fulfillments: Vec<Fulfillment>,
}

/// What came of a step: the change, and the events with the versions of the order that they made.
#[derive(Debug)]
struct Step {
    change: FulfillmentChange,
    events: Vec<(EventType, i64)>,
    order: OrderState,
}

impl Fixture {
    /// A confirmed order with nothing to pay: three mugs of one vendor, a cup of another.
    pub fn confirmed() -> Self {
        let lines = vec![line("MUG-1", 3, vendor(1)), line("CUP-1", 1, vendor(2))];
        let mut state = OrderState::placed();
        state.confirm().unwrap();
        Self {
            units: vec![LineUnits::default(); lines.len()],
            order: Order::stored(StoredOrder {
                id: OrderId(Uuid::nil()),
                number: 1,
                customer: vendor(9),
                state,
                totals: Totals::of(&lines, "USD".parse().unwrap()).unwrap(),
                lines,
                shipping_address: None,
                note: None,
                pay_by: None,
                cancel_requested_at: None,
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            }),
            fulfillments: Vec::new(),
        }
    }

    /// With one fulfillment of all that is in it.
    fn planned(state: FulfillmentState) -> Self {
        let mut fixture = Self::confirmed();
        let lines = fixture.order.lines.iter().enumerate();
        let lines = lines.map(|(position, line)| PartLine {
            position,
            sku: line.sku.clone(),
            quantity: line.quantity,
        });
        fixture.fulfillments.push(Fulfillment {
            id: ID,
            order_id: fixture.order.id,
            state,
            tracking: Tracking::default(),
            lines: lines.collect(),
            refusal: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            shipped_at: None,
            delivered_at: None,
        });
        fixture
    }

    /// As if its order had been stored like this.
    fn change(&mut self, change: impl FnOnce(&mut StoredOrder)) {
        let mut order = self.order.clone().into_stored();
        change(&mut order);
        self.order = Order::stored(order);
    }

    fn stored(&self) -> OrderFulfillments {
        let fulfillments = self.fulfillments.iter().cloned();
        let fulfillments = fulfillments.map(|one| (one.id, Ok(one)));
        OrderWith::stored(self.order.clone(), self.units.clone(), fulfillments)
    }

    fn plan(&self, by: Seller, selection: &Selection) -> Result<Step, FulfillmentError> {
        let mut order = self.stored();
        order.plan(by, ID, selection, Tracking::default())?;
        Ok(step(&order).unwrap())
    }

    /// `None`: the step was taken before.
    fn act(&self, by: Seller, action: FulfillmentAction) -> Result<Option<Step>, FulfillmentError> {
        let mut order = self.stored();
        order.act(by, ID, action)?;
        Ok(step(&order))
    }

    fn ship(&self) -> Result<Option<Step>, FulfillmentError> {
        self.act(ADMIN, FulfillmentAction::Ship)
    }

    fn deliver(&self) -> Result<Option<Step>, FulfillmentError> {
        self.act(ADMIN, FulfillmentAction::Deliver)
    }

    fn cancel(&self) -> Result<Option<Step>, FulfillmentError> {
        self.act(ADMIN, FulfillmentAction::Cancel)
    }
}

fn step(order: &OrderFulfillments) -> Option<Step> {
    let versions = order.versions().iter();
    Some(Step {
        change: order.change()?.clone(),
        events: versions
            .map(|(state, event)| (event.event_type, state.version))
            .collect(),
        order: order.order().state,
    })
}

fn planned(fixture: &Fixture, by: Seller, selection: &Selection) -> Vec<(usize, u32)> {
    match fixture.plan(by, selection).unwrap().change {
        FulfillmentChange::Plan(new) => {
            let lines = new.lines.iter();
            lines
                .map(|line| (line.position, line.quantity.get()))
                .collect()
        }
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_fulfillment_holds_what_its_seller_has_left() {
    let mut order = Fixture::confirmed();
    order.units[0].allotted = 1;
    assert_eq!(planned(&order, ADMIN, &Selection::Rest), [(0, 2), (1, 1)]);
    let seller = Seller::Vendor(vendor(1));
    assert_eq!(planned(&order, seller, &Selection::Rest), [(0, 2)]);
    order.units[0].short = 2;
    let nothing = order.plan(seller, &Selection::Rest);
    assert_eq!(
        nothing.unwrap_err(),
        FulfillmentError::Selection(SelectionError::NothingLeft)
    );
}

#[test]
fn no_more_is_planned_than_is_left_and_nothing_of_others() {
    let order = Fixture::confirmed();
    let seller = Seller::Vendor(vendor(1));
    for (sku, quantity, refused) in [
        ("MUG-1", 4, SelectionError::TooMany { index: 0, left: 3 }),
        ("CUP-1", 1, SelectionError::UnknownLine { index: 0 }),
    ] {
        let sku = Sku::try_from(sku.to_owned()).unwrap();
        let step = order.plan(seller, &Selection::Lines(vec![(sku, units(quantity))]));
        assert_eq!(step.unwrap_err(), refused.into());
    }
}

#[test]
fn only_a_confirmed_order_that_is_not_being_cancelled_leaves() {
    let refusal = |order: &Fixture| {
        let refusal = order.plan(ADMIN, &Selection::Rest).unwrap_err();
        assert_eq!(order.ship().unwrap_err(), refusal);
        refusal
    };
    let mut fixture = Fixture::planned(FulfillmentState::Planned);
    fixture.change(|order| order.cancel_requested_at = Some(DateTime::UNIX_EPOCH));
    assert_eq!(refusal(&fixture), FulfillmentError::BeingCancelled);
    fixture.change(|order| {
        order.state.cancel(CancelReason::Requested).unwrap();
    });
    let ended = FulfillmentError::NotConfirmed(Status::Cancelled);
    assert_eq!(refusal(&fixture), ended);
    fixture.change(|order| order.state = OrderState::placed());
    let early = FulfillmentError::NotConfirmed(Status::Pending);
    assert_eq!(refusal(&fixture), early);
}

#[test]
fn only_what_is_paid_for_is_shipped_and_once() {
    let mut fixture = Fixture::planned(FulfillmentState::Planned);
    assert_eq!(fixture.stored().read_version(), 2);
    let step = fixture.ship().unwrap().unwrap();
    assert_eq!(step.events, [(EventType::FulfillmentShipping, 3)]);
    fixture.change(|order| order.pay_by = Some(DateTime::UNIX_EPOCH));
    let owing = FulfillmentError::NotPaid(PaymentStatus::Unpaid);
    assert_eq!(fixture.ship().unwrap_err(), owing);
    for done in [
        FulfillmentState::Shipping,
        FulfillmentState::Shipped,
        FulfillmentState::Delivered,
    ] {
        assert!(Fixture::planned(done).ship().unwrap().is_none());
    }
}

#[test]
fn the_last_fulfillment_delivers_and_completes_the_order() {
    let fixture = Fixture::planned(FulfillmentState::Shipped);
    let step = fixture.deliver().unwrap().unwrap();
    assert_eq!(
        step.events,
        [
            (EventType::OrderDelivered, 3),
            (EventType::OrderCompleted, 4)
        ]
    );
    assert_eq!(
        (step.order.status, step.order.fulfillment),
        (Status::Completed, FulfillmentStatus::Delivered)
    );
}

#[test]
fn an_order_that_is_not_paid_for_is_delivered_and_not_completed() {
    let mut fixture = Fixture::planned(FulfillmentState::Shipped);
    fixture.change(|order| order.pay_by = Some(DateTime::UNIX_EPOCH));
    let step = fixture.deliver().unwrap().unwrap();
    assert_eq!(step.events, [(EventType::OrderDelivered, 3)]);
}

#[test]
fn a_fulfillment_among_others_is_delivered_alone() {
    let mut fixture = Fixture::planned(FulfillmentState::Shipped);
    fixture.fulfillments[0].lines.pop();
    let step = fixture.deliver().unwrap().unwrap();
    assert_eq!(step.events, [(EventType::FulfillmentDelivered, 3)]);
    fixture.units[1].short = 1;
    let step = fixture.deliver().unwrap().unwrap();
    assert_eq!(step.events[0], (EventType::OrderDelivered, 3));
}

#[test]
fn a_fulfillment_takes_no_step_back() {
    use FulfillmentState::{Cancelled, Delivered, Planned, Shipped, Shipping};
    let refused = |state| FulfillmentError::NoSuchStep(state);
    let ship = Fixture::planned(Cancelled).ship();
    assert_eq!(ship.unwrap_err(), refused(Cancelled));
    for state in [Planned, Shipping, Cancelled] {
        let deliver = Fixture::planned(state).deliver();
        assert_eq!(deliver.unwrap_err(), refused(state));
    }
    for state in [Shipping, Shipped, Delivered] {
        let cancel = Fixture::planned(state).cancel();
        assert_eq!(cancel.unwrap_err(), refused(state));
    }
    let cancel = Fixture::planned(Planned).cancel().unwrap().unwrap();
    assert_eq!(cancel.events, [(EventType::FulfillmentCancelled, 3)]);
    assert!(Fixture::planned(Cancelled).cancel().unwrap().is_none());
}

#[test]
fn a_fulfillment_with_goods_of_others_is_not_there_for_a_vendor() {
    let fixture = Fixture::planned(FulfillmentState::Planned);
    let seller = Seller::Vendor(vendor(1));
    let refused = fixture.act(seller, FulfillmentAction::Ship).unwrap_err();
    assert_eq!(refused, FulfillmentError::NotFound);
}

#[test]
fn an_order_is_as_far_as_its_lines() {
    for (lines, status) in [
        (vec![(2, 0), (1, 0)], FulfillmentStatus::Unfulfilled),
        (vec![(2, 1), (1, 0)], FulfillmentStatus::Partial),
        (vec![(2, 2), (0, 0)], FulfillmentStatus::Shipped),
        (Vec::new(), FulfillmentStatus::Unfulfilled),
    ] {
        assert_eq!(shipping_status(lines), status);
    }
}
