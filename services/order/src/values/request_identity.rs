//! Which request this is, and what it asks for, as hashes (ORDERS 18).

use super::{UserId, states::states};

states! {
    /// What a caller does under an idempotency key; the same on every alias of the address.
    Operation {
        PlaceOrder = "place_order",
        CancelOrder = "cancel_order",
        StartPayment = "start_payment",
        CancelPayment = "cancel_payment",
        CapturePayment = "capture_payment",
        RefundPayment = "refund_payment",
        RequestReturn = "request_return",
        RetrySaga = "retry_saga",
        CompensateSaga = "compensate_saga",
    }
}

/// Which request this is: one caller's key for one operation (ORDERS 18).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestIdentity {
    pub principal: UserId,
    pub operation: Operation,
    pub key: String,
}

/// A hash of a [`RequestIdentity`]: what a hold is unique by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey(pub [u8; 32]);

/// A hash of what a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);
