//! The verdict on each order of a batch: a part of the internal API.

use chrono::{DateTime, Utc};
use money::Currency;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Item;
use crate::catalog::products::model::{Name, Sku};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The units are this order's; `order_id` is the first that came with the request's key.
    Held {
        order_id: Uuid,
        expires_at: DateTime<Utc>,
        currency: Currency,
        total_minor: i64,
        lines: Vec<HeldLine>,
    },
    OutOfStock {
        lines: Vec<ShortLine>,
    },
    /// Not in the catalogue, or not active.
    UnknownProduct {
        lines: Vec<UnknownLine>,
    },
    PriceChanged {
        total_minor: i64,
    },
    FingerprintMismatch,
    /// The hold of this request ended, or its order was released before it.
    Gone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLine {
    pub product_id: Uuid,
    pub vendor_id: Uuid,
    pub sku: Sku,
    pub name: Name,
    pub unit_price_minor: i64,
    pub quantity: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortLine {
    pub sku: Sku,
    pub requested: i64,
    pub available: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownLine {
    /// The place of the line in the order.
    pub index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Uuid>,
}

impl UnknownLine {
    pub fn new(index: usize, item: &Item) -> Self {
        match item {
            Item::Product(id) => Self {
                index,
                sku: None,
                product_id: Some(*id),
            },
            Item::Sku(sku) => Self {
                index,
                sku: Some(sku.clone()),
                product_id: None,
            },
        }
    }
}
