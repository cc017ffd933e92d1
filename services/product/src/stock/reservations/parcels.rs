//! Goods that leave for their orders, and goods that come back. Batched like reservations; each parcel has an id, so
//! that telling of one twice moves its units once.

use std::collections::BTreeSet;

use clock::Ids;
use db::Pool;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    model::{Counts, Packed, Parcel, Way, pack},
    postgres::{holds, parcels},
};
use crate::infrastructure::postgres::failure::{StockError, retries};

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
    /// More than was shipped and has not come back, or more than a stock level can hold.
    TooMany,
    Gone,
    Mismatch,
}

/// Units leave the stock levels that their orders had them allocated on.
pub async fn ship(
    pool: &Pool,
    ids: Ids,
    shipments: &[Parcel],
) -> Result<Vec<ParcelOutcome<Shipped>>, StockError> {
    carry(pool, ids, Way::Shipment, shipments, |packed| match packed {
        Packed::Moved => Shipped::Shipped,
        Packed::NotCommitted => Shipped::NotCommitted,
        Packed::TooMany => Shipped::TooMany,
        Packed::Gone => Shipped::Gone,
        Packed::Mismatch => Shipped::Mismatch,
    })
    .await
}

/// Units that were shipped are back in stock, and can be ordered again.
pub async fn restock(
    pool: &Pool,
    ids: Ids,
    returns: &[Parcel],
) -> Result<Vec<ParcelOutcome<Returned>>, StockError> {
    carry(pool, ids, Way::Return, returns, |packed| match packed {
        Packed::Moved => Returned::Returned,
        // Of a hold that is not committed nothing was shipped.
        Packed::NotCommitted | Packed::TooMany => Returned::TooMany,
        Packed::Gone => Returned::Gone,
        Packed::Mismatch => Returned::Mismatch,
    })
    .await
}

async fn carry<T>(
    pool: &Pool,
    ids: Ids,
    way: Way,
    parcels: &[Parcel],
    outcome: impl Fn(Packed) -> T,
) -> Result<Vec<ParcelOutcome<T>>, StockError> {
    let packed = retries()
        .run(|| carry_once(pool, ids, way, parcels))
        .await?;
    let outcomes = parcels
        .iter()
        .zip(packed)
        .map(|(parcel, packed)| ParcelOutcome {
            id: parcel.id,
            outcome: outcome(packed),
        });
    Ok(outcomes.collect())
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
    let counts = Counts {
        states: &locked.states,
        lines: &lines,
        levels: &locked.levels,
        moved: &moved,
    };
    // A line was taken again from another location since its stock was locked.
    let packing = pack(way, parcels, counts).ok_or(StockError::Raced)?;
    if !packing.moves.is_empty() {
        parcels::write(&mut tx, ids, way, parcels, &lines, &packing).await?;
    }
    tx.commit().await?;
    Ok(packing.packed)
}
