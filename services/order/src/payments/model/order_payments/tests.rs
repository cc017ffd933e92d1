//! One test for each rule of what may become of an order and its payment.

use uuid::Uuid;

use super::*;
use crate::{
    orders::model::{CancelReason, FulfillmentStatus, PaymentStatus, StoredState},
    payments::model::{
        PaymentError, PaymentMethod, ProviderName, RefundCause, StoredPayment,
        payment::tests::{dollars, payment},
    },
};

const CUSTOMER: UserId = UserId(Uuid::nil());
const BY: Actor = Actor::Customer(CUSTOMER);

fn order() -> StoredOrder {
    StoredOrder {
        id: OrderId(Uuid::nil()),
        customer: CUSTOMER,
        state: OrderState::placed(),
        total: dollars(1_000),
        payable: true,
        cancel_requested: false,
    }
}

fn confirmed() -> StoredOrder {
    let mut order = order();
    order.state.confirm().unwrap();
    order
}

fn ended() -> [StoredOrder; 2] {
    let (mut cancelled, mut completed) = (order(), confirmed());
    cancelled.state.cancel(CancelReason::Expired).unwrap();
    completed.state = OrderState::stored(StoredState {
        status: Status::Completed,
        ..*completed.state
    });
    [cancelled, completed]
}

fn paid(order: StoredOrder, state: PaymentState) -> OrderPayments {
    OrderPayments::stored(order).with_payment(payment(state))
}

fn manual(order: StoredOrder, state: PaymentState) -> OrderPayments {
    let stored = StoredPayment {
        capture: CaptureMode::Manual,
        ..(*payment(state)).clone()
    };
    OrderPayments::stored(order).with_payment(Payment::stored(stored))
}

fn line(ordered: i64, short: i64, shipped: i64, leaving: i64) -> LineShipping {
    LineShipping {
        ordered,
        short,
        shipped,
        leaving,
    }
}

fn with_line(order: StoredOrder) -> OrderPayments {
    OrderPayments::stored(order).with_units(vec![line(2, 0, 0, 0)])
}

fn new_payment() -> NewPayment {
    NewPayment {
        id: PaymentId(Uuid::max()),
        provider: ProviderName::Mock,
        method: PaymentMethod::try_from("mock_ok".to_owned()).unwrap(),
        capture: CaptureMode::Automatic,
    }
}

fn new_refund(minor: Option<i64>) -> NewRefund {
    NewRefund {
        id: RefundId(Uuid::max()),
        amount: minor.map(dollars),
        cause: RefundCause::Requested,
        reason: None,
    }
}

/// The event of the order's new version, and which version that is.
fn version(locked: &OrderPayments) -> (EventType, i64) {
    let (state, event) = locked.changes().version.as_ref().unwrap();
    (event.event_type, state.version)
}

#[test]
fn an_order_that_waits_is_paid_whole() {
    let mut waiting = OrderPayments::stored(order());
    assert_eq!(
        waiting.start_payment(&new_payment(), BY),
        Ok(new_payment().id)
    );
    assert_eq!(version(&waiting), (EventType::PaymentStarted, 2));
    let started = waiting.changes().started.clone().unwrap();
    assert_eq!(
        (started.amount, started.new),
        (dollars(1_000), new_payment())
    );
    assert!(waiting.changes().payment.is_none());
}

#[test]
fn after_a_payment_that_failed_the_order_is_unpaid_again() {
    let mut order = order();
    let failed = PaymentState::Failed.of_order();
    order.state.follow(failed, EventType::PaymentFailed);
    let mut waiting = OrderPayments::stored(order);
    waiting.start_payment(&new_payment(), BY).unwrap();
    let (state, _) = waiting.changes().version.clone().unwrap();
    assert_eq!(state.payment, PaymentStatus::Unpaid);
}

#[test]
fn what_has_ended_or_is_being_cancelled_or_is_late_is_not_paid() {
    let late = StoredOrder {
        payable: false,
        ..order()
    };
    let unwanted = StoredOrder {
        cancel_requested: true,
        ..order()
    };
    for order in ended().into_iter().chain([late, unwanted]) {
        let mut locked = OrderPayments::stored(order);
        let refused = locked.start_payment(&new_payment(), BY);
        assert_eq!(refused, Err(IntentRefusal::NotPayable));
        assert!(locked.changes().is_empty());
    }
}

#[test]
fn a_payment_is_cancelled_before_its_money_is_taken() {
    for open in [PaymentState::Pending, PaymentState::Authorized] {
        let mut locked = paid(order(), open);
        locked.cancel_payment().unwrap();
        let decided = locked.changes().payment.clone().unwrap();
        assert_eq!(decided.decision, Some(PaymentDecision::Void));
        assert_eq!(decided.version, decided.read_version() + 1);
        assert!(locked.changes().version.is_none(), "the order is as it was");
    }
    let mut captured = paid(confirmed(), PaymentState::Captured);
    assert!(captured.cancel_payment().is_err());
    assert!(captured.changes().is_empty());
}

#[test]
fn deciding_the_same_again_changes_nothing() {
    let mut decided = payment(PaymentState::Authorized);
    decided.decide(PaymentDecision::Void).unwrap();
    let mut locked = OrderPayments::stored(order()).with_payment(decided);
    assert_eq!(locked.cancel_payment(), Ok(()));
    assert!(locked.changes().is_empty());
    let refused = PaymentError::Decided(PaymentDecision::Void);
    assert_eq!(locked.capture_payment(), Err(refused.into()));
}

#[test]
fn what_is_captured_by_itself_or_was_captured_needs_no_decision() {
    for (order, state) in [
        (order(), PaymentState::Authorized),
        (confirmed(), PaymentState::Authorized),
        (confirmed(), PaymentState::Captured),
        (confirmed(), PaymentState::Refunded),
    ] {
        let mut locked = paid(order, state);
        assert_eq!(locked.capture_payment(), Ok(()));
        assert!(locked.changes().is_empty());
    }
}

#[test]
fn money_is_taken_by_hand_once_the_stock_is_committed() {
    let mut early = manual(order(), PaymentState::Authorized);
    let refused = PaymentError::Transition {
        from: PaymentState::Authorized,
        to: PaymentState::Captured,
    };
    assert_eq!(early.capture_payment(), Err(refused.into()));
    assert!(early.changes().is_empty());
    let mut in_time = manual(confirmed(), PaymentState::Authorized);
    in_time.capture_payment().unwrap();
    let decided = in_time.changes().payment.clone().unwrap();
    assert_eq!(decided.decision, Some(PaymentDecision::Capture));
    let mut pending = manual(confirmed(), PaymentState::Pending);
    assert!(pending.capture_payment().is_err(), "nothing is set aside");
}

#[test]
fn a_refund_is_set_aside_and_is_a_version_of_the_order() {
    let mut locked = paid(confirmed(), PaymentState::Captured);
    locked.refund(&new_refund(Some(400)), BY).unwrap();
    assert_eq!(version(&locked), (EventType::PaymentRefundRequested, 3));
    let payment = locked.changes().payment.clone().unwrap();
    assert_eq!(payment.refund_pending, dollars(400));
    let refund = locked.changes().refund.clone().unwrap();
    assert_eq!(
        (refund.amount, refund.payment_id),
        (dollars(400), payment.id)
    );
}

#[test]
fn without_an_amount_all_that_is_left_goes_back_and_no_more() {
    let mut locked = paid(confirmed(), PaymentState::Captured);
    locked.refund(&new_refund(Some(400)), BY).unwrap();
    locked.refund(&new_refund(None), BY).unwrap();
    let refund = locked.changes().refund.clone().unwrap();
    assert_eq!(refund.amount, dollars(600));
    let refused = PaymentError::TooMuch { left: dollars(0) };
    assert_eq!(locked.refund(&new_refund(None), BY), Err(refused.into()));
    let mut pending = paid(order(), PaymentState::Pending);
    assert!(pending.refund(&new_refund(None), BY).is_err());
    assert!(pending.changes().is_empty());
}

#[test]
fn a_cancellation_is_requested_once() {
    let mut locked = with_line(confirmed());
    assert!(locked.cancellation_depends_on_units());
    assert_eq!(locked.request_cancellation(CUSTOMER, BY), Ok(Asked::Now));
    assert_eq!(version(&locked), (EventType::OrderCancelRequested, 3));
    assert_eq!(locked.changes().cancellation, Some(CUSTOMER));
    let changes = locked.changes().clone();
    assert_eq!(locked.request_cancellation(CUSTOMER, BY), Ok(Asked::Before));
    assert_eq!(*locked.changes(), changes);
    assert!(!locked.cancellation_depends_on_units());
}

#[test]
fn what_has_ended_is_not_cancelled() {
    let [cancelled, completed] = ended();
    let mut cancelled = with_line(cancelled);
    assert_eq!(
        cancelled.request_cancellation(CUSTOMER, BY),
        Ok(Asked::Before)
    );
    assert!(cancelled.changes().is_empty());
    assert_eq!(
        with_line(completed).request_cancellation(CUSTOMER, BY),
        Err(IntentRefusal::NotCancellable(Status::Completed))
    );
}

#[test]
fn what_has_left_or_is_leaving_or_fell_short_is_not_cancelled() {
    let whole = [line(3, 1, 1, 1), line(2, 0, 2, 0)];
    let mut locked = OrderPayments::stored(confirmed()).with_units(whole.to_vec());
    let refused = Err(IntentRefusal::WhollyShipped);
    assert_eq!(locked.request_cancellation(CUSTOMER, BY), refused);
    assert!(locked.changes().is_empty());
    let part = [line(3, 1, 1, 0), line(2, 0, 2, 0)];
    let mut locked = OrderPayments::stored(confirmed()).with_units(part.to_vec());
    assert_eq!(locked.request_cancellation(CUSTOMER, BY), Ok(Asked::Now));
    let mut order = confirmed();
    let shipped = FulfillmentStatus::Shipped;
    order.state.fulfil(shipped, EventType::OrderShipped);
    let mut locked = with_line(order);
    assert!(!locked.cancellation_depends_on_units());
    assert_eq!(locked.request_cancellation(CUSTOMER, BY), refused);
}

#[test]
fn units_that_were_not_read_allow_no_cancellation() {
    let mut unlocked = OrderPayments::stored(confirmed());
    assert!(unlocked.request_cancellation(CUSTOMER, BY).is_err());
    assert!(unlocked.changes().is_empty());
}
