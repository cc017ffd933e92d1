//! What is still to be done for an order, under a lease whose fencing number every write names (ORDERS 19).
//! What to do next is in `decision`, what an outcome means in `progress`.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Step;
use crate::{
    orders::model::{Hold, NewEvent, OrderState, Status},
    payments::model::{Payment, Refund, RefundCause, RefundState},
    values::{Actor, EventType, Leased, OrderId, UnknownName, states::states},
};

states! {
    /// Where a saga waits for its next step: for rounds of calls to product, or for calls to payment providers, which may be
    /// slow.
    Queue { Stock = "stock", Money = "money" }
}

impl Queue {
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Stock => Self::Money,
            Self::Money => Self::Stock,
        }
    }
}

/// The right to work on one saga, which is its order's.
pub type Lease = crate::values::Lease<OrderId>;
/// Another attempt at a saga.
pub type Postponement = crate::values::Postponement<OrderId>;

/// A saga that was taken, with the attempts so far at its step.
pub type Turn = Leased<OrderId, Facts>;

impl Turn {
    /// How long only the process that places an order may begin with its saga.
    pub const FIRST_LEASE: Duration = Duration::from_secs(3);

    /// The first of an order with nothing to pay, which is written as taken by the process that places it.
    pub fn first(order_id: OrderId) -> Self {
        Self {
            lease: Lease {
                id: order_id,
                fence: 1,
            },
            attempts: 1,
            item: Facts::placed(PayWindow::Free),
        }
    }
}

/// All that decides the next step. No clock: times are compared in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub state: OrderState,
    pub hold: Hold,
    /// The hold lasts until the order must be paid.
    pub extended: bool,
    pub window: PayWindow,
    pub cancel_requested: bool,
    pub shipments: Shipments,
    /// The live one.
    pub payment: Option<Payment>,
    /// The oldest pending one.
    pub refund: Option<Refund>,
    /// The refund of the cancellation exists.
    pub cancellation_refunded: bool,
    /// The price of missing units for which no refund is reserved yet.
    pub shortfall_minor: i64,
}

/// Until when an order may be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayWindow {
    /// There is nothing to pay here.
    Free,
    Open {
        until: DateTime<Utc>,
        /// How long that is from when the saga was taken, by the database's clock.
        left: Duration,
    },
    /// No new payment may begin.
    Over,
    /// A payment without a result will not get one.
    LongOver,
}

impl PayWindow {
    /// How long a payment that began in time may take.
    const GRACE_SECONDS: f64 = 300.0;

    /// `seconds_left`: by the database's clock; negative when it is over.
    pub fn of(until: Option<DateTime<Utc>>, seconds_left: f64) -> Self {
        match until {
            None => Self::Free,
            Some(_) if seconds_left <= -Self::GRACE_SECONDS => Self::LongOver,
            Some(_) if seconds_left <= 0.0 => Self::Over,
            Some(until) => Self::Open {
                until,
                left: Duration::try_from_secs_f64(seconds_left).unwrap_or_default(),
            },
        }
    }
}

/// Which units of an order were shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shipments {
    /// One is being reported to product: what remains is not known yet.
    pub under_way: bool,
    pub any_shipped: bool,
    /// The price of unshipped units, including missing ones that were not refunded.
    pub unshipped_minor: i64,
}

/// A new state of an order and of its payment, for as long as both still have the versions that were read.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub lease: Lease,
    /// The version that the order must still have.
    pub read_version: i64,
    pub hold: Hold,
    /// The order's new states, each by one event.
    pub changes: Vec<Change>,
    /// How far the hold was extended.
    pub hold_for: Option<Duration>,
    /// The payment's new state; its `read_version()` is the one that was read.
    pub payment: Option<Payment>,
    pub refund: Option<Refund>,
    pub next: Next,
    /// The saga advanced, or the provider is processing its call.
    pub progressed: bool,
    /// The request to cancel the order ends.
    pub ends_cancellation: bool,
    /// The refund that was reserved for missing units.
    pub shortfall_refunded_minor: i64,
}

/// A version of an order and what made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub state: OrderState,
    pub event: EventType,
    /// The event comes from the provider.
    pub by_provider: bool,
}

/// When a saga is looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Finished,
    Now(Step),
    At(Step, DateTime<Utc>),
    /// The step is repeated: its attempts are counted further.
    After(Step, Duration),
}

/// The result of writing a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Written,
    /// Another worker has taken the saga; nothing was written.
    LeaseLost,
    /// The order was changed meanwhile; the saga is due again at once.
    OrderChanged,
}

/// The number of unfinished sagas, and of those that are past their deadline or make no progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub unfinished: i64,
    pub stuck: i64,
}

impl Hold {
    /// As a row holds it. The release before never writes the hold; the order's state implies it.
    pub fn of_row(hold: &str, state: &OrderState) -> Result<Self, UnknownName> {
        Ok(match (hold.parse()?, state.status) {
            (Self::Held, Status::Confirmed | Status::Completed) => Self::Committed,
            (Self::Held, Status::Cancelled) => Self::Lost,
            (hold, _) => hold,
        })
    }
}

impl Facts {
    /// Of an order that was just placed.
    pub fn placed(window: PayWindow) -> Self {
        Self {
            state: OrderState::placed(),
            hold: Hold::Held,
            extended: false,
            window,
            cancel_requested: false,
            shipments: Shipments::default(),
            payment: None,
            refund: None,
            cancellation_refunded: false,
            shortfall_minor: 0,
        }
    }

    /// There may be a payment.
    pub fn may_be_paid(&self) -> bool {
        self.window != PayWindow::Free
    }

    /// The live payment, and its refunds, oldest first.
    pub fn add_payment(&mut self, payment: Payment, refunds: Vec<Refund>) {
        self.cancellation_refunded = refunds
            .iter()
            .any(|refund| refund.cause == RefundCause::Cancelled);
        self.refund = refunds
            .into_iter()
            .find(|refund| refund.state == RefundState::Pending);
        self.payment = Some(payment);
    }

    /// The order may have to be ended after its stock was committed. An order with a shipment in progress is looked at again.
    pub fn depend_on_shipments(&self) -> bool {
        match self.state.status {
            Status::Pending | Status::Completed => false,
            Status::Confirmed => match self.window {
                PayWindow::Free | PayWindow::Open { .. } => self.cancel_requested,
                PayWindow::Over | PayWindow::LongOver => true,
            },
            Status::Cancelled => true,
        }
    }

    /// Missing units that were not refunded count as unshipped.
    pub fn add_shipments(&mut self, shipments: Shipments) {
        self.shipments = Shipments {
            unshipped_minor: shipments.unshipped_minor + self.shortfall_minor,
            ..shipments
        };
    }
}

impl Settlement {
    /// The order's new versions, each with its event.
    pub fn versions(&self) -> impl Iterator<Item = (&OrderState, NewEvent)> {
        self.changes.iter().map(|change| {
            let actor = if change.by_provider {
                Actor::Provider
            } else {
                Actor::System
            };
            let mut event = NewEvent::new(change.event, actor);
            if let Some(payment) = &self.payment {
                event = event
                    .with("payment_id", payment.id.0.to_string())
                    .with("amount_minor", payment.amount.minor);
            }
            // The amount of a refund replaces that of its payment.
            if let Some(refund) = &self.refund {
                event = event
                    .with("refund_id", refund.id.0.to_string())
                    .with("amount_minor", refund.amount.minor);
            }
            (&change.state, event)
        })
    }
}

#[cfg(test)]
mod tests {
    use money::Money;
    use uuid::Uuid;

    use super::*;
    use crate::{
        payments::model::{NewRefund, PaymentState, payment::tests::payment},
        values::RefundId,
    };

    #[test]
    fn a_window_is_open_over_and_long_over() {
        let until = DateTime::UNIX_EPOCH;
        let left = Duration::from_millis(1_500);
        for (seconds, window) in [
            (1.5, PayWindow::Open { until, left }),
            (0.0, PayWindow::Over),
            (-299.9, PayWindow::Over),
            (-300.0, PayWindow::LongOver),
        ] {
            assert_eq!(PayWindow::of(Some(until), seconds), window);
            assert_eq!(PayWindow::of(None, seconds), PayWindow::Free);
        }
    }

    #[test]
    fn the_oldest_refund_that_is_under_way_is_the_one_to_see_to() {
        let mut captured = payment(PaymentState::Captured);
        let mut refunds = Vec::new();
        for (id, cause) in [(1, RefundCause::Cancelled), (2, RefundCause::Requested)] {
            let (refund, _) = captured
                .open_refund(&NewRefund {
                    id: RefundId(Uuid::from_u128(id)),
                    amount: Some(Money::new(100, captured.amount.currency)),
                    cause,
                    reason: None,
                })
                .unwrap();
            refunds.push(refund);
        }
        refunds[0].succeed();
        let oldest = refunds[1].clone();
        let mut facts = Facts::placed(PayWindow::Over);
        facts.add_payment(captured, refunds);
        assert_eq!(facts.refund, Some(oldest));
        assert!(facts.cancellation_refunded);
    }

    #[test]
    fn shipments_matter_to_what_may_have_to_be_wound_up() {
        let mut pending = Facts::placed(PayWindow::Over);
        assert!(!pending.depend_on_shipments());
        pending.state.confirm().unwrap();
        assert!(pending.depend_on_shipments(), "unpaid");
        let mut confirmed = Facts {
            window: PayWindow::Free,
            ..pending
        };
        assert!(!confirmed.depend_on_shipments());
        confirmed.cancel_requested = true;
        assert!(confirmed.depend_on_shipments());
    }

    #[test]
    fn what_fell_short_is_unshipped_until_it_is_given_back() {
        let mut facts = Facts::placed(PayWindow::Free);
        facts.shortfall_minor = 30;
        facts.add_shipments(Shipments {
            unshipped_minor: 70,
            ..Shipments::default()
        });
        assert_eq!(facts.shipments.unshipped_minor, 100);
    }
}
