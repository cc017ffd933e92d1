//! What order and product say to each other about stock (ORDERS 1-5, 23).

use std::fmt;

use money::{Currency, Money};

use super::{OrderId, ProductId, Quantity, RequestedLines, Sku, UserId};

/// What a caller does under an idempotency key; the same on every alias of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    PlaceOrder,
    CancelOrder,
    StartPayment,
    CancelPayment,
    CapturePayment,
    RefundPayment,
    RequestReturn,
    RetrySaga,
    CompensateSaga,
}

impl Operation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlaceOrder => "place_order",
            Self::CancelOrder => "cancel_order",
            Self::StartPayment => "start_payment",
            Self::CancelPayment => "cancel_payment",
            Self::CapturePayment => "capture_payment",
            Self::RefundPayment => "refund_payment",
            Self::RequestReturn => "request_return",
            Self::RetrySaga => "retry_saga",
            Self::CompensateSaga => "compensate_saga",
        }
    }
}

/// Which request this is: one caller's key for one operation (ORDERS 18).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Asks product to hold the lines for a request.
#[derive(Clone, Debug)]
pub struct ReservationRequest {
    pub request_key: RequestKey,
    pub fingerprint: Fingerprint,
    /// Counts only if this request key has no order id yet.
    pub order_id: OrderId,
    pub expected_total: Option<Money>,
    pub lines: RequestedLines,
}

/// Product's answer to one reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Held, for the first order id that this request came with.
    Held {
        order_id: OrderId,
        currency: Currency,
        lines: Vec<HeldLine>,
    },
    OutOfStock {
        lines: Vec<MissingStock>,
    },
    /// These lines, by their index, name nothing that can be bought.
    UnknownProducts {
        lines: Vec<usize>,
    },
    PriceChanged {
        total: Money,
    },
    /// Held, and more of this SKU than an order may have.
    TooManyUnits {
        order_id: OrderId,
        sku: Sku,
    },
    /// The key was used for another request.
    FingerprintMismatch,
    /// The hold of this key has ended.
    Gone,
}

impl Verdict {
    /// Whose hold it leaves in product.
    pub const fn hold(&self) -> Option<OrderId> {
        match self {
            Self::Held { order_id, .. } | Self::TooManyUnits { order_id, .. } => Some(*order_id),
            Self::OutOfStock { .. }
            | Self::UnknownProducts { .. }
            | Self::PriceChanged { .. }
            | Self::FingerprintMismatch
            | Self::Gone => None,
        }
    }
}

/// A line as product holds it, with the price and the name that the order keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLine {
    pub product_id: ProductId,
    pub vendor_id: UserId,
    pub sku: Sku,
    pub name: String,
    pub unit_price: Money,
    pub quantity: Quantity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingStock {
    pub sku: Sku,
    pub requested: u32,
    pub available: u32,
}

/// What became of a hold that was to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    Committed,
    /// A line of it was given up.
    Lost,
    /// It ended before, or never was.
    Gone,
}

/// What became of a hold that was to last longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendOutcome {
    Extended,
    /// It needs no end any more.
    Committed,
    Lost,
    Gone,
}

/// What became of a hold that was to be given back, whatever was committed of it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseOutcome {
    Released,
    /// Nothing of it went back.
    Committed,
}

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
