//! Shipments of units to customers, and their returns. They come in batches, as reservations do; each transfer has an id,
//! so that one that is reported twice moves its units once.

use std::collections::BTreeSet;

use clock::Ids;
use db::Pool;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    model::{Counts, Direction, Transfer, Transferred, plan_transfers},
    postgres::{holds, transfers},
};
use crate::infrastructure::postgres::failure::{StockError, retries};

/// The outcome of one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TransferOutcome<T> {
    pub id: Uuid,
    pub outcome: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shipped {
    Shipped,
    /// The hold of its order has not been committed, or has ended: commit it first.
    NotCommitted,
    /// More units than its order has that are not shipped yet.
    TooMany,
    /// Its order was released, or never existed.
    Gone,
    /// An earlier transfer with this id has another order or other lines.
    Mismatch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returned {
    Returned,
    /// More units than were shipped and not returned yet, or more than a stock level may have.
    TooMany,
    Gone,
    Mismatch,
}

/// Takes units off the stock levels on which they are allocated to their orders.
pub async fn ship(
    pool: &Pool,
    ids: Ids,
    shipments: &[Transfer],
) -> Result<Vec<TransferOutcome<Shipped>>, StockError> {
    transfer(
        pool,
        ids,
        Direction::Shipment,
        shipments,
        |result| match result {
            Transferred::Moved => Shipped::Shipped,
            Transferred::NotCommitted => Shipped::NotCommitted,
            Transferred::TooMany => Shipped::TooMany,
            Transferred::Gone => Shipped::Gone,
            Transferred::Mismatch => Shipped::Mismatch,
        },
    )
    .await
}

/// Adds returned units to the stock levels that they came from; they can be ordered again.
pub async fn restock(
    pool: &Pool,
    ids: Ids,
    returns: &[Transfer],
) -> Result<Vec<TransferOutcome<Returned>>, StockError> {
    transfer(
        pool,
        ids,
        Direction::Return,
        returns,
        |result| match result {
            Transferred::Moved => Returned::Returned,
            // Nothing of a hold that is not committed was shipped.
            Transferred::NotCommitted | Transferred::TooMany => Returned::TooMany,
            Transferred::Gone => Returned::Gone,
            Transferred::Mismatch => Returned::Mismatch,
        },
    )
    .await
}

async fn transfer<T>(
    pool: &Pool,
    ids: Ids,
    direction: Direction,
    transfers: &[Transfer],
    outcome: impl Fn(Transferred) -> T,
) -> Result<Vec<TransferOutcome<T>>, StockError> {
    let results = retries()
        .run(|| transfer_once(pool, ids, direction, transfers))
        .await?;
    let outcomes = transfers
        .iter()
        .zip(results)
        .map(|(transfer, result)| TransferOutcome {
            id: transfer.id,
            outcome: outcome(result),
        });
    Ok(outcomes.collect())
}

async fn transfer_once(
    pool: &Pool,
    ids: Ids,
    direction: Direction,
    transfers: &[Transfer],
) -> Result<Vec<Transferred>, StockError> {
    let orders: BTreeSet<Uuid> = transfers.iter().map(|transfer| transfer.order_id).collect();
    let orders = Vec::from_iter(orders);
    let transfer_ids: Vec<Uuid> = transfers.iter().map(|transfer| transfer.id).collect();
    let mut tx = pool.begin().await?;
    let locked = holds::lock(&mut tx, &orders).await?;
    let lines = transfers::lines(&mut tx, &orders).await?;
    let moved = transfers::moved(&mut tx, direction, &transfer_ids).await?;
    let counts = Counts {
        states: &locked.states,
        lines: &lines,
        levels: &locked.levels,
        moved: &moved,
    };
    // A line was taken again from another location since its stock was locked.
    let plan = plan_transfers(direction, transfers, counts).ok_or(StockError::Raced)?;
    if !plan.moves.is_empty() {
        transfers::write(&mut tx, ids, direction, transfers, &lines, &plan).await?;
    }
    tx.commit().await?;
    Ok(plan.results)
}
