//! The order: what was bought, by whom, where it goes, and how far it is.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use money::Money;

use super::{OrderState, Status, Totals};
use crate::values::{OrderId, Period, ProductId, Quantity, Reader, ShippingAddress, Sku, UserId};

/// Readable everywhere, changed only by its own methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub(super) now: StoredOrder,
    read_version: i64,
}

/// What is stored of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOrder {
    pub id: OrderId,
    /// For people.
    pub number: i64,
    pub customer: UserId,
    pub state: OrderState,
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    pub shipping_address: Option<ShippingAddress>,
    pub note: Option<String>,
    /// `None`: there is nothing to pay here.
    pub pay_by: Option<DateTime<Utc>>,
    /// Its cancellation was requested; the saga acts on it, or has done so.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Deref for Order {
    type Target = StoredOrder;

    fn deref(&self) -> &StoredOrder {
        &self.now
    }
}

impl Order {
    pub fn stored(stored: StoredOrder) -> Self {
        Self {
            read_version: stored.state.version,
            now: stored,
        }
    }

    pub fn into_stored(self) -> StoredOrder {
        self.now
    }

    /// The version that its row must still have.
    pub const fn read_version(&self) -> i64 {
        self.read_version
    }

    pub fn may_be_seen_by(&self, reader: Reader) -> bool {
        reader.may_see(self.customer)
    }

    /// The same order with the lines of this vendor only.
    #[must_use]
    pub fn of_vendor(mut self, vendor: UserId) -> Self {
        self.now.lines.retain(|line| line.vendor_id == vendor);
        self
    }
}

/// One product of an order, with the order's own copy of its name, SKU and price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    pub product_id: ProductId,
    pub vendor_id: UserId,
    pub sku: Sku,
    pub name: String,
    pub unit_price: Money,
    pub quantity: Quantity,
    pub total: Money,
}

/// Which orders a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub customer: Option<UserId>,
    /// Only orders with a line of this vendor.
    pub vendor: Option<UserId>,
    pub status: Option<Status>,
    pub created: Period,
}
