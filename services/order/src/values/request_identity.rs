//! Which request this is, and what it asks for, as hashes (ORDERS 18).

use std::fmt;

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
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestKey(pub [u8; 32]);

/// A hash of what a request asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestKey({})", short(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", short(&self.0))
    }
}

fn short(hash: &[u8; 32]) -> String {
    let [first, second, third, fourth, ..] = *hash;
    format!(
        "{:08x}…",
        u32::from_be_bytes([first, second, third, fourth])
    )
}
