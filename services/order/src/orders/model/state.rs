//! How far an order is: three axes, and the only ways to move along them.

use crate::{
    payments::model::PaymentState,
    values::{EventType, states::states},
};

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

/// The state of an order, and the version that a writer of it must have read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderState {
    pub status: Status,
    pub payment: PaymentStatus,
    pub fulfillment: FulfillmentStatus,
    pub cancel_reason: Option<CancelReason>,
    pub version: i64,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an order that is {} cannot become {}", from.as_str(), to.as_str())]
pub struct TransitionError {
    from: Status,
    to: Status,
}

impl OrderState {
    /// How every order starts.
    pub const fn placed() -> Self {
        Self {
            status: Status::Pending,
            payment: PaymentStatus::Unpaid,
            fulfillment: FulfillmentStatus::Unfulfilled,
            cancel_reason: None,
            version: 1,
        }
    }

    /// Its stock is committed. Saying so again changes nothing.
    pub fn confirm(&mut self) -> Result<Option<EventType>, TransitionError> {
        match self.status {
            Status::Pending => {
                self.status = Status::Confirmed;
                self.version += 1;
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
                self.status = Status::Cancelled;
                self.cancel_reason = Some(reason);
                self.version += 1;
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

    /// Follows its payment; the caller says which event it is.
    pub fn follow(&mut self, payment: PaymentState) {
        self.payment = match payment {
            PaymentState::Pending | PaymentState::Voided => PaymentStatus::Unpaid,
            PaymentState::Authorized => PaymentStatus::Authorized,
            PaymentState::Captured => PaymentStatus::Paid,
            PaymentState::PartiallyRefunded => PaymentStatus::PartiallyRefunded,
            PaymentState::Refunded => PaymentStatus::Refunded,
            PaymentState::Failed => PaymentStatus::Failed,
        };
        self.version += 1;
    }

    pub const fn wholly_shipped(&self) -> bool {
        match self.fulfillment {
            FulfillmentStatus::Shipped | FulfillmentStatus::Delivered => true,
            FulfillmentStatus::Unfulfilled | FulfillmentStatus::Partial => false,
        }
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
        state.fulfillment = FulfillmentStatus::Shipped;
        assert!(state.cancel(CancelReason::Requested).is_err());
        state.fulfillment = FulfillmentStatus::Partial;
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
