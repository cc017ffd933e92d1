//! Goods that leave for their orders, and goods that come back. Batched like reservations; each parcel has an id, so
//! that telling of one twice moves its units once.

mod pack;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU32,
};

use clock::Ids;
use postgres::Pool;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    model::{Hash, HoldState, Shelf, StockError},
    postgres::{holds, parcels},
};
use crate::{catalog::products::model::Sku, infrastructure::postgres::retry::Retries};

pub use pack::{Packed, Packing, pack};

/// What a parcel's id belongs to, and which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Way {
    /// To the customer.
    Shipment,
    /// Back to the shelf that it came from.
    Return,
}

#[derive(Clone, Debug)]
pub struct Parcel {
    pub id: Uuid,
    pub order_id: Uuid,
    pub lines: Vec<ParcelLine>,
}

/// A SKU is kept as it came: one out of form is in no order.
#[derive(Clone, Debug)]
pub struct ParcelLine {
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

/// What the database says about the orders that a batch of parcels names, under the lock.
#[derive(Clone, Copy, Debug)]
pub struct Counts<'a> {
    pub states: &'a HashMap<Uuid, HoldState>,
    pub lines: &'a [OrderLine],
    pub shelves: &'a [Shelf],
    /// Parcels that were moved before.
    pub moved: &'a HashMap<Uuid, Hash>,
}

/// What became of one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ParcelOutcome<T> {
    pub id: Uuid,
    pub outcome: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shipped {
    Shipped,
    /// The hold of its order has not been committed, or has ended: commit it first.
    NotCommitted,
    /// More than its order has left to ship.
    TooMany,
    /// Its order was released, or never there.
    Gone,
    /// The id came with another order or other lines before.
    Mismatch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returned {
    Returned,
    /// More than was shipped and has not come back, or more than a shelf can hold.
    TooMany,
    Gone,
    Mismatch,
}

impl Parcel {
    /// The units of each SKU.
    fn units(&self) -> BTreeMap<String, i64> {
        let mut units = BTreeMap::new();
        for line in &self.lines {
            *units.entry(line.sku.to_ascii_uppercase()).or_default() +=
                i64::from(line.quantity.get());
        }
        units
    }

    fn fingerprint(&self) -> Hash {
        let units = self.units();
        let quantities: Vec<[u8; 8]> = units.values().map(|units| units.to_be_bytes()).collect();
        let mut parts: Vec<&[u8]> = vec![self.order_id.as_bytes()];
        for (sku, quantity) in units.keys().zip(&quantities) {
            parts.extend([sku.as_bytes(), quantity]);
        }
        Hash(web::idempotency::hash(&parts))
    }
}

/// Units leave the shelves that their orders had them allocated on.
pub async fn ship(
    pool: &Pool,
    ids: Ids,
    shipments: &[Parcel],
) -> Result<Vec<ParcelOutcome<Shipped>>, StockError> {
    let packed = carry(pool, ids, Way::Shipment, shipments).await?;
    Ok(outcomes(shipments, &packed, |packed| match packed {
        Packed::Moved => Shipped::Shipped,
        Packed::NotCommitted => Shipped::NotCommitted,
        Packed::TooMany => Shipped::TooMany,
        Packed::Gone => Shipped::Gone,
        Packed::Mismatch => Shipped::Mismatch,
    }))
}

/// Units that were shipped stand on their shelves again, for everybody.
pub async fn restock(
    pool: &Pool,
    ids: Ids,
    returns: &[Parcel],
) -> Result<Vec<ParcelOutcome<Returned>>, StockError> {
    let packed = carry(pool, ids, Way::Return, returns).await?;
    Ok(outcomes(returns, &packed, |packed| match packed {
        Packed::Moved => Returned::Returned,
        // Of a hold that is not committed nothing was shipped.
        Packed::NotCommitted | Packed::TooMany => Returned::TooMany,
        Packed::Gone => Returned::Gone,
        Packed::Mismatch => Returned::Mismatch,
    }))
}

async fn carry(
    pool: &Pool,
    ids: Ids,
    way: Way,
    parcels: &[Parcel],
) -> Result<Vec<Packed>, StockError> {
    let mut retries = Retries::begin();
    loop {
        match carry_once(pool, ids, way, parcels).await {
            Ok(packed) => return Ok(packed),
            Err(error) => retries.again(error).await?,
        }
    }
}

async fn carry_once(
    pool: &Pool,
    ids: Ids,
    way: Way,
    parcels: &[Parcel],
) -> Result<Vec<Packed>, StockError> {
    let orders: BTreeSet<Uuid> = parcels.iter().map(|parcel| parcel.order_id).collect();
    let orders = Vec::from_iter(orders);
    let parcel_ids: Vec<Uuid> = parcels.iter().map(|parcel| parcel.id).collect();
    let mut tx = pool.begin().await?;
    let locked = holds::lock(&mut tx, &orders).await?;
    let lines = parcels::lines(&mut tx, &orders).await?;
    let moved = parcels::moved(&mut tx, way, &parcel_ids).await?;
    let packing = pack(
        way,
        parcels,
        Counts {
            states: &locked.states,
            lines: &lines,
            shelves: &locked.shelves,
            moved: &moved,
        },
    )?;
    if !packing.moves.is_empty() {
        parcels::write(&mut tx, ids, way, parcels, &lines, &packing).await?;
    }
    tx.commit().await?;
    Ok(packing.packed)
}

fn outcomes<T>(
    parcels: &[Parcel],
    packed: &[Packed],
    outcome: impl Fn(Packed) -> T,
) -> Vec<ParcelOutcome<T>> {
    parcels
        .iter()
        .zip(packed)
        .map(|(parcel, packed)| ParcelOutcome {
            id: parcel.id,
            outcome: outcome(*packed),
        })
        .collect()
}
