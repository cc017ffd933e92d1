//! How far an order is: three axes, and the only ways to move along them.

use std::str::FromStr;

/// A name in a filter or a row that stands for no state.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no such state")]
pub struct UnknownName;

macro_rules! states {
    ($($(#[$docs:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownName),
                }
            }
        }
    )+};
}

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
    /// Why an order was cancelled. Shortfall: the stock that was held for it is not there any more.
    CancelReason {
        Shortfall = "shortfall",
    }
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

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    Confirmed,
    Cancelled { reason: CancelReason },
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
    pub fn confirm(&mut self) -> Result<Option<OrderEvent>, TransitionError> {
        match self.status {
            Status::Pending => {
                self.status = Status::Confirmed;
                self.version += 1;
                Ok(Some(OrderEvent::Confirmed))
            }
            Status::Confirmed | Status::Completed => Ok(None),
            Status::Cancelled => Err(TransitionError {
                from: self.status,
                to: Status::Confirmed,
            }),
        }
    }

    /// It cannot be fulfilled. Saying so again changes nothing.
    pub fn cancel(&mut self, reason: CancelReason) -> Result<Option<OrderEvent>, TransitionError> {
        match self.status {
            Status::Pending => {
                self.status = Status::Cancelled;
                self.cancel_reason = Some(reason);
                self.version += 1;
                Ok(Some(OrderEvent::Cancelled { reason }))
            }
            Status::Cancelled => Ok(None),
            Status::Confirmed | Status::Completed => Err(TransitionError {
                from: self.status,
                to: Status::Cancelled,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_order_is_confirmed_once() {
        let mut state = OrderState::placed();
        assert_eq!(state.confirm(), Ok(Some(OrderEvent::Confirmed)));
        assert_eq!(state.confirm(), Ok(None));
        assert_eq!((state.status, state.version), (Status::Confirmed, 2));
        assert!(
            state.cancel(CancelReason::Shortfall).is_err(),
            "a confirmed order has its stock"
        );
    }

    #[test]
    fn a_cancelled_order_stays_cancelled() {
        let mut state = OrderState::placed();
        let reason = CancelReason::Shortfall;
        assert_eq!(
            state.cancel(reason),
            Ok(Some(OrderEvent::Cancelled { reason }))
        );
        assert_eq!(state.cancel(reason), Ok(None));
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
