//! Transfers (shipments and returns), and the lines of the orders that they belong to.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
};

use serde::Deserialize;
use uuid::Uuid;

use super::{Hash, HoldState, StockLevel};
use crate::catalog::products::model::Sku;

/// Which direction a transfer goes; its id is unique for this direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Direction {
    /// To the customer.
    Shipment,
    /// Back to the stock level that it came from.
    Return,
}

impl Direction {
    /// What the units on hand change by.
    pub fn change(self, quantity: i64) -> i64 {
        match self {
            Self::Shipment => -quantity,
            Self::Return => quantity,
        }
    }
}

/// Units of one order that are shipped or returned together.
#[derive(Clone, Debug, Deserialize)]
pub struct Transfer {
    pub id: Uuid,
    pub order_id: Uuid,
    pub lines: Vec<TransferLine>,
}

/// The SKU is kept as it was sent: an invalid one is in no order.
#[derive(Clone, Debug, Deserialize)]
pub struct TransferLine {
    pub sku: String,
    pub quantity: NonZeroU32,
}

/// A line of an order, and what became of its units so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    pub order_id: Uuid,
    pub sku: Sku,
    pub location: String,
    pub quantity: i64,
    pub shipped: i64,
    pub returned: i64,
    pub released: i64,
}

/// What the database says about the orders that a batch of transfers names, under the lock.
#[derive(Clone, Copy, Debug)]
pub struct Counts<'a> {
    pub states: &'a HashMap<Uuid, HoldState>,
    pub lines: &'a [OrderLine],
    pub levels: &'a [StockLevel],
    /// Transfers whose units were moved before, with the hashes of their contents.
    pub moved: &'a HashMap<Uuid, Hash>,
}

impl Transfer {
    /// The units of each SKU.
    pub(super) fn units(&self) -> BTreeMap<String, i64> {
        let mut units = BTreeMap::new();
        for line in &self.lines {
            *units.entry(line.sku.to_ascii_uppercase()).or_default() +=
                i64::from(line.quantity.get());
        }
        units
    }

    pub(super) fn fingerprint(&self) -> Hash {
        let units = self.units();
        let quantities: Vec<[u8; 8]> = units.values().map(|units| units.to_be_bytes()).collect();
        let mut parts: Vec<&[u8]> = vec![self.order_id.as_bytes()];
        for (sku, quantity) in units.keys().zip(&quantities) {
            parts.extend([sku.as_bytes(), quantity]);
        }
        Hash(idempotency::hash(&parts))
    }
}
