//! The table of decisions, and a walk through every situation with every outcome: each ends, and ends well.

use std::time::Duration;

use chrono::DateTime;
use uuid::Uuid;

use super::*;
use crate::{
    orders::model::FulfillmentStatus,
    payments::model::{
        Payment, ProviderReference, RefundState, RefusalReason, StoredPayment,
        payment::tests::payment,
    },
    saga::model::{CommitOutcome, ExtendOutcome, Lease, Progress, Shipments, Turn},
    values::{EventType, OrderId, RefundId},
};

const OPEN: PayWindow = PayWindow::Open {
    until: DateTime::UNIX_EPOCH,
    left: Duration::from_mins(1),
};

fn pending(window: PayWindow) -> Facts {
    Facts::placed(window)
}

fn confirmed(window: PayWindow) -> Facts {
    let mut facts = pending(window);
    facts.state.confirm().unwrap();
    facts.hold = Hold::Committed;
    facts
}

fn paying(state: PaymentState) -> Payment {
    let mut payment = payment(state);
    payment.secure();
    payment
}

impl Facts {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn paid_by(self, payment: Payment) -> Self {
        self.with(|facts| {
            let paid = payment.state.of_order();
            facts.state.follow(paid, EventType::PaymentAuthorized);
            facts.payment = Some(payment);
        })
    }

    fn cancelled(self, reason: CancelReason, hold: Hold) -> Self {
        self.with(|facts| {
            facts.state.cancel(reason).unwrap();
            facts.hold = hold;
        })
    }

    fn wanted_cancelled(self) -> Self {
        self.with(|facts| facts.cancel_requested = true)
    }

    fn shipped(self, so_far: FulfillmentStatus) -> Self {
        self.with(|facts| {
            facts.state.fulfil(so_far, EventType::OrderShipped);
        })
    }

    fn partly_shipped(self, left: i64) -> Self {
        self.shipped(FulfillmentStatus::Partial).with(|facts| {
            facts.shipments = Shipments {
                under_way: false,
                any_shipped: true,
                unshipped_minor: left,
            };
        })
    }
}

fn decided(state: PaymentState, decision: PaymentDecision) -> Payment {
    let mut payment = paying(state);
    payment.decide(decision).unwrap();
    payment
}

#[test]
fn an_order_without_payment_only_commits_its_stock() {
    let free = PayWindow::Free;
    assert_eq!(pending(free).next(), Action::CommitHold);
    let committed = pending(free).with(|facts| facts.hold = Hold::Committed);
    assert_eq!(committed.next(), Action::Confirm);
    assert_eq!(confirmed(free).next(), Action::Finish);
}

#[test]
fn an_unpaid_order_keeps_its_units_until_its_time_is_over() {
    assert_eq!(pending(OPEN).next(), Action::ExtendHold);
    let extended = pending(OPEN).with(|facts| facts.extended = true);
    assert_eq!(extended.next(), Action::WaitForPayment);
    let expired = CancelReason::Expired;
    assert_eq!(
        pending(PayWindow::Over).next(),
        Action::ReleaseHold(expired)
    );
    let released = pending(PayWindow::Over).with(|facts| facts.hold = Hold::Released);
    assert_eq!(released.next(), Action::Cancel(expired));
    // A worker of the release before confirmed it, knowing nothing of payments.
    assert_eq!(confirmed(OPEN).next(), Action::WaitForPayment);
    assert_eq!(
        confirmed(PayWindow::Over).next(),
        Action::ReleaseHold(expired)
    );
}

#[test]
fn a_payment_goes_hold_money_stock_money() {
    let unsecured = pending(OPEN).paid_by(payment(PaymentState::Pending));
    assert_eq!(unsecured.next(), Action::ExtendHold);
    let steps = [
        (paying(PaymentState::Pending), Action::Authorise),
        (paying(PaymentState::Authorized), Action::CommitHold),
    ];
    for (payment, action) in steps {
        assert_eq!(pending(OPEN).paid_by(payment.clone()).next(), action);
        // What began in time is seen through.
        assert_eq!(pending(PayWindow::Over).paid_by(payment).next(), action);
    }
    let capture = PaymentDecision::Capture;
    let authorized = paying(PaymentState::Authorized);
    let now_decided = decided(PaymentState::Authorized, capture);
    let after_commit = [
        (authorized, Action::Decide(capture)),
        (now_decided, Action::Capture),
        (paying(PaymentState::Captured), Action::Finish),
    ];
    for (payment, action) in after_commit {
        assert_eq!(confirmed(OPEN).paid_by(payment).next(), action);
    }
    let manual = Payment::stored(StoredPayment {
        capture: CaptureMode::Manual,
        ..(*paying(PaymentState::Authorized)).clone()
    });
    assert_eq!(confirmed(OPEN).paid_by(manual).next(), Action::Finish);
}

#[test]
fn a_payment_without_result_holds_the_order_only_so_long() {
    let asked = pending(PayWindow::LongOver).paid_by(paying(PaymentState::Pending));
    assert_eq!(asked.next(), Action::Decide(PaymentDecision::Void));
    let authorized = pending(PayWindow::LongOver).paid_by(paying(PaymentState::Authorized));
    assert_eq!(authorized.next(), Action::CommitHold);
}

#[test]
fn cancelling_decides_then_gives_back_units_then_money() {
    let requested = CancelReason::Requested;
    let void = PaymentDecision::Void;
    let table = [
        (pending(OPEN), Action::ReleaseHold(requested)),
        (confirmed(PayWindow::Free), Action::ReleaseHold(requested)),
        (
            pending(OPEN).paid_by(paying(PaymentState::Pending)),
            Action::Decide(void),
        ),
        (
            pending(OPEN).paid_by(paying(PaymentState::Authorized)),
            Action::Decide(void),
        ),
        (
            pending(OPEN).paid_by(decided(PaymentState::Pending, void)),
            Action::ReleaseHold(requested),
        ),
        // The opposite of a decision waits for its result.
        (
            confirmed(OPEN).paid_by(decided(PaymentState::Authorized, PaymentDecision::Capture)),
            Action::ReleaseHold(requested),
        ),
        (
            confirmed(OPEN).paid_by(paying(PaymentState::Captured)),
            Action::ReleaseHold(requested),
        ),
        (
            confirmed(OPEN)
                .paid_by(paying(PaymentState::Captured))
                .with(|facts| facts.shipments.under_way = true),
            Action::WaitForShipment,
        ),
        (
            confirmed(OPEN)
                .paid_by(paying(PaymentState::Captured))
                .shipped(FulfillmentStatus::Shipped),
            Action::RefuseCancellation,
        ),
    ];
    for (facts, action) in table {
        let facts = facts.wanted_cancelled();
        assert_eq!(facts.next(), action, "{facts:?}");
    }
}

#[test]
fn a_cancelled_order_keeps_no_money_of_what_was_not_shipped() {
    let gone = |facts: Facts| facts.cancelled(CancelReason::Requested, Hold::Released);
    let void = decided(PaymentState::Authorized, PaymentDecision::Void);
    let capture = decided(PaymentState::Authorized, PaymentDecision::Capture);
    let captured = || confirmed(OPEN).paid_by(paying(PaymentState::Captured));
    let table = [
        (gone(pending(OPEN)), Action::Finish),
        (gone(pending(OPEN).paid_by(void)), Action::Void),
        (gone(confirmed(OPEN).paid_by(capture)), Action::Capture),
        (gone(captured()), Action::RequestRefund { minor: 1_000 }),
        (
            gone(captured().partly_shipped(400)),
            Action::RequestRefund { minor: 400 },
        ),
        (
            gone(captured()).with(|facts| facts.cancellation_refunded = true),
            Action::Finish,
        ),
        (
            gone(captured()).with(|facts| {
                facts.cancellation_refunded = true;
                let payment = facts.payment.as_mut().unwrap();
                payment.request_refund(payment.amount).unwrap();
            }),
            Action::Refund,
        ),
    ];
    for (facts, action) in table {
        assert_eq!(facts.next(), action, "{facts:?}");
    }
}

#[test]
fn what_fell_short_goes_back_once_it_is_paid() {
    let short = |facts: Facts| facts.with(|facts| facts.shortfall_minor = 400);
    let captured = confirmed(OPEN).paid_by(paying(PaymentState::Captured));
    assert_eq!(
        short(captured.clone()).next(),
        Action::RefundShortfall { minor: 400 }
    );
    let authorized = confirmed(OPEN).paid_by(paying(PaymentState::Authorized));
    let capture = PaymentDecision::Capture;
    assert_eq!(short(authorized).next(), Action::Decide(capture));
    assert_eq!(short(confirmed(PayWindow::Free)).next(), Action::Finish);
    let kept = short(captured).with(|facts| {
        let payment = facts.payment.as_mut().unwrap();
        payment.request_refund(payment.amount).unwrap();
        payment.refund(payment.amount).unwrap();
    });
    assert_eq!(kept.next(), Action::Finish, "an admin gave all of it back");
}

#[test]
fn a_lost_hold_ends_in_shortfall_whatever_was_paid() {
    let lost = |facts: Facts| facts.with(|facts| facts.hold = Hold::Lost);
    let cancel = Action::Cancel(CancelReason::Shortfall);
    assert_eq!(lost(pending(PayWindow::Free)).next(), cancel);
    let authorized = || pending(OPEN).paid_by(paying(PaymentState::Authorized));
    assert_eq!(
        lost(authorized()).next(),
        Action::Decide(PaymentDecision::Void)
    );
    assert_eq!(
        lost(confirmed(OPEN).paid_by(paying(PaymentState::Captured))).next(),
        cancel
    );
}

/// Every situation that rows can be in.
fn situations() -> Vec<Facts> {
    let states = [
        None,
        Some(PaymentState::Pending),
        Some(PaymentState::Authorized),
        Some(PaymentState::Captured),
    ];
    let decisions = [
        None,
        Some(PaymentDecision::Capture),
        Some(PaymentDecision::Void),
    ];
    let mut all = Vec::new();
    for window in [PayWindow::Free, OPEN, PayWindow::Over, PayWindow::LongOver] {
        for hold in [Hold::Held, Hold::Committed, Hold::Lost] {
            for state in states {
                for decision in decisions {
                    for flags in 0..16 {
                        let payment = state.map(|state| {
                            let captures = [CaptureMode::Automatic, CaptureMode::Manual];
                            let stored = StoredPayment {
                                secured: flags & 1 != 0,
                                capture: captures[usize::from(flags & 2 != 0)],
                                ..(*payment(state)).clone()
                            };
                            (Payment::stored(stored), decision)
                        });
                        let facts = pending(window).with(|facts| {
                            facts.hold = hold;
                            facts.cancel_requested = flags & 4 != 0;
                            facts.extended = flags & 8 != 0;
                        });
                        all.extend(situation(facts, payment));
                    }
                }
            }
        }
    }
    all
}

/// Pending, and confirmed where the stock is committed; nothing where a payment cannot be in this state.
fn situation(facts: Facts, payment: Option<(Payment, Option<PaymentDecision>)>) -> Vec<Facts> {
    let facts = match payment {
        None => facts,
        Some(_) if facts.window == PayWindow::Free => return Vec::new(),
        Some((mut payment, decision)) => {
            if decision.is_some_and(|decision| payment.decide(decision).is_err()) {
                return Vec::new();
            }
            facts.paid_by(payment)
        }
    };
    let mut both = vec![facts.clone()];
    if facts.hold == Hold::Committed {
        let mut confirmed = facts;
        confirmed.state.confirm().unwrap();
        both.push(confirmed.clone());
        both.push(confirmed.clone().with(|facts| facts.shortfall_minor = 300));
        both.push(confirmed.partly_shipped(400));
    }
    both
}

/// What may come of an action: all the facts that the next turn may read.
fn outcomes(facts: &Facts) -> Vec<Facts> {
    let turn = Turn {
        lease: Lease {
            id: OrderId(Uuid::nil()),
            fence: 1,
        },
        attempts: 1,
        item: facts.clone(),
    };
    let of = || Progress::of(turn.clone());
    let reference = || ProviderReference::try_from("r".to_owned()).unwrap();
    let reason = || RefusalReason::try_from("no".to_owned()).unwrap();
    let minute = Duration::from_mins(1);
    let results = match facts.next() {
        Action::ExtendHold => vec![
            of().extended(ExtendOutcome::Extended, minute),
            of().extended(ExtendOutcome::Committed, minute),
            of().extended(ExtendOutcome::Lost, minute),
        ],
        Action::CommitHold => vec![
            of().committed(CommitOutcome::Committed),
            of().committed(CommitOutcome::Lost),
            of().committed(CommitOutcome::Gone),
        ],
        Action::ReleaseHold(reason) => vec![of().released(reason)],
        Action::Authorise => vec![of().authorised(reference()), of().refused(reason())],
        Action::Capture => vec![of().captured(), of().refused(reason())],
        Action::Void => vec![of().voided()],
        Action::Refund => vec![of().refunded(), of().refund_refused(reason())],
        Action::Confirm => vec![of().confirm()],
        Action::Cancel(reason) => vec![of().cancel(reason)],
        Action::Decide(decision) => vec![of().decide(decision)],
        Action::RequestRefund { minor } => {
            vec![of().request_refund(RefundId(Uuid::nil()), minor)]
        }
        Action::RefuseCancellation => vec![Ok(of().refuse_cancellation())],
        Action::RefundShortfall { minor } => {
            vec![of().refund_shortfall(RefundId(Uuid::nil()), minor)]
        }
        Action::WaitForPayment | Action::WaitForShipment | Action::Finish => Vec::new(),
    };
    results
        .into_iter()
        .map(|result| {
            result
                .unwrap_or_else(|error| unreachable!("{error}: {facts:?}"))
                .after()
        })
        .collect()
}

#[test]
fn every_situation_ends_whatever_comes_of_it() {
    let mut walked = 0_u32;
    for start in situations() {
        let mut open = vec![(start.clone(), 0)];
        while let Some((facts, steps)) = open.pop() {
            walked += 1;
            assert!(steps < 12, "no end from {start:?}");
            let next = outcomes(&facts);
            if next.is_empty() {
                ends_well(&facts, &start);
            }
            open.extend(next.into_iter().map(|facts| (facts, steps + 1)));
        }
    }
    assert!(walked > 5_000, "{walked} turns");
}

fn ends_well(facts: &Facts, start: &Facts) {
    let payment = facts.payment.as_ref();
    let shipped = facts.shipments.any_shipped;
    match facts.state.status {
        Status::Cancelled => {
            assert!(
                matches!(facts.hold, Hold::Released | Hold::Lost),
                "units stay behind: {facts:?} from {start:?}"
            );
            // A refund that the provider refused is for a person to make good.
            let owed = payment.map_or(0, |payment| payment.refundable().minor);
            let refused = facts.cancellation_refunded;
            assert!(
                owed == 0 || shipped || refused,
                "money stays behind: {facts:?} from {start:?}"
            );
            assert!(
                payment.is_none_or(|payment| payment.state.is_captured()),
                "set aside for ever: {facts:?} from {start:?}"
            );
        }
        Status::Confirmed => {
            assert_eq!(facts.hold, Hold::Committed, "{facts:?} from {start:?}");
            assert!(!facts.cancel_requested, "not cancelled: {facts:?}");
            let left = payment.filter(|payment| payment.state.is_captured());
            let left = left.map_or(0, |payment| payment.refundable().minor);
            assert_eq!(
                facts.shortfall_minor.min(left),
                0,
                "kept for nothing: {facts:?}"
            );
        }
        Status::Pending => assert_eq!(facts.next(), Action::WaitForPayment, "{facts:?}"),
        Status::Completed => unreachable!("nothing here completes an order"),
    }
    assert!(
        facts
            .refund
            .as_ref()
            .is_none_or(|refund| refund.state != RefundState::Pending)
    );
}
