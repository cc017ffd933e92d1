//! How far an order is: three axes, and the only ways to move along them.

use std::ops::Deref;

use crate::values::{EventType, states::states};

states! {
    Status { Pending = "pending", Confirmed = "confirmed", Completed = "completed", Cancelled = "cancelled" }
    PaymentStatus {
        Unpaid = "unpaid",
        Authorized = "authorized",
        Paid = "paid",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
        Failed = "failed",
    }
    FulfillmentStatus {
        Unfulfilled = "unfulfilled",
        Partial = "partial",
        Shipped = "shipped",
        Delivered = "delivered",
    }
    /// Why an order was cancelled. Shortfall: the stock that was held for it is not there any more. Expired: it was
    /// not paid in time.
    CancelReason {
        Shortfall = "shortfall",
        Requested = "requested",
        Expired = "expired",
    }
    /// The order's units in product, as far as order knows. Released: all that was not shipped went back. Lost:
    /// product does not have them any more.
    Hold { Held = "held", Committed = "committed", Released = "released", Lost = "lost" }
}

// Statements repeat these lists where a partial index needs them; `tests/it/states_in_sql.rs` compares them.
impl Status {
    /// Neither completed nor cancelled.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Confirmed => true,
            Self::Completed | Self::Cancelled => false,
        }
    }
}

impl PaymentStatus {
    /// Not even set aside: while the order is open, its price is owed, if it has one.
    pub const fn is_owing(self) -> bool {
        match self {
            Self::Unpaid | Self::Failed => true,
            Self::Authorized | Self::Paid | Self::PartiallyRefunded | Self::Refunded => false,
        }
    }
}

impl FulfillmentStatus {
    /// Everything has left.
    pub const fn is_whole(self) -> bool {
        match self {
            Self::Shipped | Self::Delivered => true,
            Self::Unfulfilled | Self::Partial => false,
        }
    }
}

/// The state of an order: readable everywhere, changed only by its own methods. Each change is a version and names its
/// event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderState(StoredState);

/// What is stored of an order's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredState {
    pub status: Status,
    pub payment: PaymentStatus,
    pub fulfillment: FulfillmentStatus,
    pub cancel_reason: Option<CancelReason>,
    /// The version that a writer of the order must have read.
    pub version: i64,
}

impl Deref for OrderState {
    type Target = StoredState;

    fn deref(&self) -> &StoredState {
        &self.0
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an order that is {} cannot become {}", from.as_str(), to.as_str())]
pub struct TransitionError {
    from: Status,
    to: Status,
}

impl OrderState {
    pub const fn stored(stored: StoredState) -> Self {
        Self(stored)
    }

    /// How every order starts.
    pub const fn placed() -> Self {
        Self(StoredState {
            status: Status::Pending,
            payment: PaymentStatus::Unpaid,
            fulfillment: FulfillmentStatus::Unfulfilled,
            cancel_reason: None,
            version: 1,
        })
    }

    /// Its stock is committed. Saying so again changes nothing.
    pub fn confirm(&mut self) -> Result<Option<EventType>, TransitionError> {
        match self.status {
            Status::Pending => {
                self.next_version().status = Status::Confirmed;
                Ok(Some(EventType::OrderConfirmed))
            }
            Status::Confirmed | Status::Completed => Ok(None),
            Status::Cancelled => Err(TransitionError {
                from: self.status,
                to: Status::Confirmed,
            }),
        }
    }

    /// It will not be fulfilled, or not further. Saying so again changes nothing.
    pub fn cancel(&mut self, reason: CancelReason) -> Result<Option<EventType>, TransitionError> {
        match self.status {
            Status::Pending | Status::Confirmed if !self.wholly_shipped() => {
                let next = self.next_version();
                next.status = Status::Cancelled;
                next.cancel_reason = Some(reason);
                Ok(Some(match reason {
                    CancelReason::Shortfall => EventType::OrderShortfall,
                    CancelReason::Requested => EventType::OrderCancelled,
                    CancelReason::Expired => EventType::OrderExpired,
                }))
            }
            Status::Cancelled => Ok(None),
            Status::Pending | Status::Confirmed | Status::Completed => Err(TransitionError {
                from: self.status,
                to: Status::Cancelled,
            }),
        }
    }

    /// Follows its payment, to which this event happened.
    pub fn follow(&mut self, payment: PaymentStatus, event: EventType) -> EventType {
        self.next_version().payment = payment;
        event
    }

    /// Goods have left or arrived, as this event says.
    pub(crate) fn fulfil(&mut self, so_far: FulfillmentStatus, event: EventType) -> EventType {
        self.next_version().fulfillment = so_far;
        event
    }

    /// The order is done with. [`super::Order::complete`] has checked that it may be.
    pub(super) fn complete(&mut self) -> EventType {
        self.next_version().status = Status::Completed;
        EventType::OrderCompleted
    }

    /// An event that moves none of the axes.
    pub fn record(&mut self, event: EventType) -> EventType {
        self.next_version();
        event
    }

    pub const fn wholly_shipped(&self) -> bool {
        self.0.fulfillment.is_whole()
    }

    /// The only way to change a state: the change is a version.
    fn next_version(&mut self) -> &mut StoredState {
        self.0.version += 1;
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::UnknownName;

    #[test]
    fn a_pending_order_is_confirmed_once() {
        let mut state = OrderState::placed();
        assert_eq!(state.confirm(), Ok(Some(EventType::OrderConfirmed)));
        assert_eq!(state.confirm(), Ok(None));
        assert_eq!((state.status, state.version), (Status::Confirmed, 2));
    }

    #[test]
    fn what_is_wholly_shipped_cannot_be_cancelled() {
        let mut state = OrderState::placed();
        state.confirm().unwrap();
        state.0.fulfillment = FulfillmentStatus::Shipped;
        assert!(state.cancel(CancelReason::Requested).is_err());
        state.0.fulfillment = FulfillmentStatus::Partial;
        assert_eq!(
            state.cancel(CancelReason::Requested),
            Ok(Some(EventType::OrderCancelled))
        );
    }

    #[test]
    fn a_cancelled_order_stays_cancelled() {
        let mut state = OrderState::placed();
        let reason = CancelReason::Shortfall;
        assert_eq!(state.cancel(reason), Ok(Some(EventType::OrderShortfall)));
        assert_eq!(state.cancel(CancelReason::Requested), Ok(None));
        assert_eq!(state.cancel_reason, Some(reason));
        assert_eq!(
            state.confirm(),
            Err(TransitionError {
                from: Status::Cancelled,
                to: Status::Confirmed
            })
        );
    }

    #[test]
    fn every_change_is_a_version() {
        let mut state = OrderState::placed();
        let paid = state.follow(PaymentStatus::Paid, EventType::PaymentCaptured);
        assert_eq!(paid, EventType::PaymentCaptured);
        state.record(EventType::OrderPaid);
        state.fulfil(FulfillmentStatus::Shipped, EventType::OrderShipped);
        state.complete();
        assert_eq!(
            *state,
            StoredState {
                status: Status::Completed,
                payment: PaymentStatus::Paid,
                fulfillment: FulfillmentStatus::Shipped,
                cancel_reason: None,
                version: 5,
            }
        );
    }

    #[test]
    fn every_name_is_read_back() {
        for status in [
            Status::Pending,
            Status::Confirmed,
            Status::Completed,
            Status::Cancelled,
        ] {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("Pending".parse::<Status>(), Err(UnknownName));
    }
}
