//! One test for each rule of what is packed, shipped and delivered of an order.

use chrono::DateTime;
use money::Money;
use uuid::Uuid;

use super::*;
use crate::{
    orders::model::{CancelReason, StoredOrder, Totals},
    values::{ProductId, UserId},
};

const ADMIN: Merchant = Merchant::Admin(UserId(Uuid::nil()));
const PARCEL: FulfillmentId = FulfillmentId(Uuid::nil());

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

/// A confirmed order with nothing to pay: three mugs of one vendor, a cup of another.
pub fn dispatch() -> Dispatch {
    let lines = vec![line("MUG-1", 3, vendor(1)), line("CUP-1", 1, vendor(2))];
    let mut state = OrderState::placed();
    state.confirm().unwrap();
    Dispatch {
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
        returns: Vec::new(),
    }
}

/// As if its order had been stored like this.
fn change(dispatch: &mut Dispatch, change: impl FnOnce(&mut StoredOrder)) {
    let mut order = dispatch.order.clone().into_stored();
    change(&mut order);
    dispatch.order = Order::stored(order);
}

/// With one parcel of all that is in it.
fn packed(state: FulfillmentState) -> Dispatch {
    let mut dispatch = dispatch();
    let mut lines = Vec::new();
    for (position, line) in dispatch.order.lines.iter().enumerate() {
        add(&mut lines, position, &line.sku, line.quantity.get());
    }
    dispatch.fulfillments.push(Fulfillment {
        id: PARCEL,
        order_id: dispatch.order.id,
        state,
        tracking: Tracking::default(),
        lines,
        refusal: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        shipped_at: None,
        delivered_at: None,
    });
    dispatch
}

fn events(step: &FulfillmentStep) -> Vec<(EventType, i64)> {
    let versions = step.versions.iter();
    versions
        .map(|(state, event)| (event.event_type, state.version))
        .collect()
}

fn planned(dispatch: &Dispatch, by: Merchant, packing: &Packing) -> Vec<(usize, u32)> {
    let step = dispatch.plan(by, PARCEL, packing, Tracking::default());
    match step.unwrap().parcel {
        ParcelStep::Plan(new) => {
            let lines = new.lines.iter();
            lines
                .map(|line| (line.position, line.quantity.get()))
                .collect()
        }
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_parcel_holds_what_its_seller_has_left() {
    let mut dispatch = dispatch();
    dispatch.units[0].allotted = 1;
    assert_eq!(planned(&dispatch, ADMIN, &Packing::Rest), [(0, 2), (1, 1)]);
    let seller = Merchant::Vendor(vendor(1));
    assert_eq!(planned(&dispatch, seller, &Packing::Rest), [(0, 2)]);
    dispatch.units[0].short = 2;
    let nothing = dispatch.plan(seller, PARCEL, &Packing::Rest, Tracking::default());
    let left = Err(FulfillmentError::Packing(PackingError::NothingLeft));
    assert_eq!(nothing.map(|_| ()), left);
}

#[test]
fn no_more_is_packed_than_is_left_and_nothing_of_others() {
    let dispatch = dispatch();
    let seller = Merchant::Vendor(vendor(1));
    for (sku, quantity, refused) in [
        ("MUG-1", 4, PackingError::TooMany { index: 0, left: 3 }),
        ("CUP-1", 1, PackingError::UnknownLine { index: 0 }),
    ] {
        let sku = Sku::try_from(sku.to_owned()).unwrap();
        let packing = Packing::Lines(vec![(sku, units(quantity))]);
        let step = dispatch.plan(seller, PARCEL, &packing, Tracking::default());
        assert_eq!(step.map(|_| ()), Err(refused.into()));
    }
}

#[test]
fn only_a_confirmed_order_that_nobody_cancels_leaves() {
    let refusal = |dispatch: &Dispatch| {
        let planned = dispatch.plan(ADMIN, PARCEL, &Packing::Rest, Tracking::default());
        let shipped = dispatch.ship(ADMIN, PARCEL);
        let refusal = planned.unwrap_err();
        assert_eq!(shipped.unwrap_err(), refusal);
        refusal
    };
    let mut dispatch = packed(FulfillmentState::Planned);
    change(&mut dispatch, |order| {
        order.cancel_requested_at = Some(DateTime::UNIX_EPOCH);
    });
    assert_eq!(refusal(&dispatch), FulfillmentError::BeingCancelled);
    change(&mut dispatch, |order| {
        order.state.cancel(CancelReason::Requested).unwrap();
    });
    let ended = FulfillmentError::NotConfirmed(Status::Cancelled);
    assert_eq!(refusal(&dispatch), ended);
    change(&mut dispatch, |order| order.state = OrderState::placed());
    let early = FulfillmentError::NotConfirmed(Status::Pending);
    assert_eq!(refusal(&dispatch), early);
}

#[test]
fn only_what_is_paid_for_is_shipped_and_once() {
    let mut dispatch = packed(FulfillmentState::Planned);
    let step = dispatch.ship(ADMIN, PARCEL).unwrap().unwrap();
    assert_eq!(events(&step), [(EventType::FulfillmentShipping, 3)]);
    assert_eq!(step.read_version, 2);
    change(&mut dispatch, |order| {
        order.pay_by = Some(DateTime::UNIX_EPOCH);
    });
    let owing = FulfillmentError::NotPaid(PaymentStatus::Unpaid);
    assert_eq!(dispatch.ship(ADMIN, PARCEL).unwrap_err(), owing);
    for done in [
        FulfillmentState::Shipping,
        FulfillmentState::Shipped,
        FulfillmentState::Delivered,
    ] {
        assert!(packed(done).ship(ADMIN, PARCEL).unwrap().is_none());
    }
}

#[test]
fn the_last_parcel_delivers_and_completes_the_order() {
    let dispatch = packed(FulfillmentState::Shipped);
    let step = dispatch.deliver(ADMIN, PARCEL).unwrap().unwrap();
    assert_eq!(
        events(&step),
        [
            (EventType::OrderDelivered, 3),
            (EventType::OrderCompleted, 4)
        ]
    );
    let (state, _) = step.versions[1];
    assert_eq!(
        (state.status, state.fulfillment),
        (Status::Completed, FulfillmentStatus::Delivered)
    );
}

#[test]
fn an_order_that_is_not_paid_for_is_delivered_and_not_completed() {
    let mut dispatch = packed(FulfillmentState::Shipped);
    change(&mut dispatch, |order| {
        order.pay_by = Some(DateTime::UNIX_EPOCH);
    });
    let step = dispatch.deliver(ADMIN, PARCEL).unwrap().unwrap();
    assert_eq!(events(&step), [(EventType::OrderDelivered, 3)]);
}

#[test]
fn a_parcel_among_others_is_delivered_alone() {
    let mut dispatch = packed(FulfillmentState::Shipped);
    dispatch.fulfillments[0].lines.pop();
    let step = dispatch.deliver(ADMIN, PARCEL).unwrap().unwrap();
    assert_eq!(events(&step), [(EventType::FulfillmentDelivered, 3)]);
    dispatch.units[1].short = 1;
    let step = dispatch.deliver(ADMIN, PARCEL).unwrap().unwrap();
    assert_eq!(events(&step)[0], (EventType::OrderDelivered, 3));
}

#[test]
fn a_parcel_takes_no_step_back() {
    use FulfillmentState::{Cancelled, Delivered, Planned, Shipped, Shipping};
    let refused = |state| FulfillmentError::NoSuchStep(state);
    let ship = packed(Cancelled).ship(ADMIN, PARCEL);
    assert_eq!(ship.unwrap_err(), refused(Cancelled));
    for state in [Planned, Shipping, Cancelled] {
        let deliver = packed(state).deliver(ADMIN, PARCEL);
        assert_eq!(deliver.unwrap_err(), refused(state));
    }
    for state in [Shipping, Shipped, Delivered] {
        let cancel = packed(state).cancel(ADMIN, PARCEL);
        assert_eq!(cancel.unwrap_err(), refused(state));
    }
    let cancel = packed(Planned).cancel(ADMIN, PARCEL).unwrap().unwrap();
    assert_eq!(events(&cancel), [(EventType::FulfillmentCancelled, 3)]);
    assert!(packed(Cancelled).cancel(ADMIN, PARCEL).unwrap().is_none());
}

#[test]
fn a_parcel_with_goods_of_others_is_not_there_for_a_vendor() {
    let dispatch = packed(FulfillmentState::Planned);
    let seller = Merchant::Vendor(vendor(1));
    let refused = dispatch.ship(seller, PARCEL).unwrap_err();
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
