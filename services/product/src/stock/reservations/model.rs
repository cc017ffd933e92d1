//! Types for holding units for orders. The rules are ORDERS 1 to 13.

mod available;
mod decide;
mod plan_transfers;
mod transfer;
mod verdict;

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{
    available::Available,
    decide::{Decision, Facts, NewHold, NewLine, Take, decide},
    plan_transfers::{TransferPlan, Transferred, plan_transfers},
    transfer::{Counts, Direction, OrderLine, Transfer, TransferLine},
    verdict::{HeldLine, ShortLine, UnknownLine, Verdict},
};
use crate::catalog::products::model::{MAX_PRICE_MINOR, Name, ProductId, Sku, VendorId};

ids::id!(
    #[derive(sqlx::Type)]
    #[sqlx(transparent)]
    pub OrderId, "ord"
);

/// Orders in one batch.
pub const MAX_BATCH: usize = 128;
/// Lines of one order; the orders of customers are far smaller.
pub const MAX_LINES: usize = 500;
/// Units of one SKU in one order, after lines of the same product were merged: more is out of stock. This is the one
/// place that decides it; order refuses earlier only what a single item asks for, and keeps no more than this.
pub const MAX_QUANTITY: i64 = 10_000;
/// The longest that units are held without a commit.
pub const MAX_HOLD_SECONDS: u32 = 7 * 24 * 3600;

const _: () = assert!(
    MAX_PRICE_MINOR as i128 * MAX_QUANTITY as i128 * MAX_LINES as i128 <= i64::MAX as i128,
    "no total may overflow"
);

/// A SHA-256 from the order service: a request's key, or its fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Hash(pub [u8; 32]);

/// What one order asks for.
#[derive(Clone, Debug)]
pub struct Reservation {
    pub request_key: Hash,
    pub fingerprint: Hash,
    pub order_id: Uuid,
    pub hold_seconds: u32,
    /// Hold nothing if the order would cost something else.
    pub expected_total_minor: Option<i64>,
    pub lines: Vec<Wanted>,
}

#[derive(Clone, Debug)]
pub struct Wanted {
    pub item: Item,
    pub quantity: NonZeroU32,
}

/// What a line names. The SKU is kept as it was sent: an invalid one is unknown like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Product(Uuid),
    Sku(String),
}

/// A row of stock, as it is under the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    pub sku: Sku,
    pub location: String,
    pub priority: i16,
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
}

impl StockLevel {
    pub fn available(&self) -> i64 {
        self.on_hand - self.held - self.allocated
    }
}

/// A product as an order sees it.
#[derive(Clone, Debug)]
pub struct Offer {
    pub product_id: Uuid,
    pub vendor_id: Uuid,
    pub sku: Sku,
    pub name: Name,
    pub price_minor: i64,
    /// Active and not deleted.
    pub orderable: bool,
}

/// State of a reservation. It moves from `held` to one of the other states. Those are final, except that a reservation
/// that ended without action of its order can be taken again, and that ended or unshipped units can be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum HoldState {
    Held,
    Committed,
    Released,
    Expired,
    Lost,
}

/// A hold that is in the database already. Without a request it is a tombstone.
#[derive(Clone, Debug)]
pub struct KnownHold {
    pub order_id: Uuid,
    pub request_key: Option<Hash>,
    pub fingerprint: Option<Hash>,
    pub state: HoldState,
    pub expires_at: DateTime<Utc>,
    pub total_minor: i64,
}

// A line of a hold, as it is listed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Reservation, example = json!({
    "order_id": "ord_01932c5e-7d2a-7c3e-9f00-0242ac120005", "sku": "MUG-BLUE-350",
    "product_id": "prd_01932c5e-7d2a-7c3e-9f00-0242ac120002", "vendor_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120003",
    "name": "Blue mug", "warehouse": "main", "state": "committed", "quantity": 3, "shipped": 1, "returned": 0,
    "released": 0, "expires_at": null, "created_at": "2026-11-21T08:00:00Z", "ended_at": "2026-11-21T08:00:01Z",
}))]
pub struct ReservedLine {
    pub order_id: OrderId,
    #[schema(value_type = String)]
    pub sku: Sku,
    pub product_id: ProductId,
    pub vendor_id: VendorId,
    #[schema(value_type = String)]
    pub name: Name,
    #[serde(rename = "warehouse")]
    pub location: String,
    pub state: HoldState,
    pub quantity: i64,
    pub shipped: i64,
    pub returned: i64,
    /// Units released after the order was confirmed.
    pub released: i64,
    /// When the hold expires; present while it is held.
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// When it was committed, released, or lost.
    pub ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<String> for Hash {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, hex::FromHexError> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash)?;
        Ok(Self(hash))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
