//! What order and product say to each other about stock (ORDERS 1-5, 23).

use money::{Currency, Money};
use serde::Serialize;

use super::RequestedLines;
use crate::values::{Fingerprint, OrderId, ProductId, Quantity, RequestKey, Sku, UserId};

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

/// A line that the stock cannot fill; clients see it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingStock {
    pub sku: Sku,
    pub requested: u32,
    pub available: u32,
}
