//! Holds whose time has run out go back: by the sweeper, and before an order is refused as sold out.

use std::collections::{BTreeSet, HashSet};

use db::{Pool, Retryable, Transaction};
use tracing::error;
use uuid::Uuid;

use super::postgres::holds::{self, OverdueLine};
use crate::{
    catalog::products::model::Sku, infrastructure::postgres::failure::StockError,
    stock::postgres::levels,
};

/// The result of a search for overdue holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TakenBack {
    Nothing,
    /// The counters have changed.
    Units,
    /// Overdue holds hold units of these as well: start again with their stock locked.
    Unlocked(Vec<Sku>),
}

/// Takes back overdue holds of these SKUs, as far as all of their stock is locked, except `spared` ones, whose own orders
/// are in the batch.
pub(crate) async fn take_back(
    tx: &mut Transaction,
    short: &[&str],
    spared: &[Uuid],
    locked: &BTreeSet<&Sku>,
    may_widen: bool,
) -> Result<TakenBack, StockError> {
    let mut overdue = holds::overdue(tx, short).await?;
    overdue.retain(|hold| !spared.contains(&hold.order_id));
    let (within, unlocked): (Vec<_>, Vec<_>) = overdue
        .into_iter()
        .partition(|hold| locked.contains(&hold.sku));
    if may_widen && !unlocked.is_empty() {
        let skus = unlocked.into_iter().map(|hold| hold.sku);
        return Ok(TakenBack::Unlocked(skus.collect()));
    }
    let out_of_reach: HashSet<Uuid> = unlocked.iter().map(|hold| hold.order_id).collect();
    let within: BTreeSet<Uuid> = within
        .iter()
        .map(|hold| hold.order_id)
        .filter(|id| !out_of_reach.contains(id))
        .collect();
    if within.is_empty() {
        return Ok(TakenBack::Nothing);
    }
    holds::expire(tx, &Vec::from_iter(within)).await?;
    Ok(TakenBack::Units)
}

/// Takes back holds whose time has run out: a few at a time, past stock that another transaction has locked (ORDERS 7),
/// and past those that could not be taken back. One whose counters are wrong keeps no other from going back: it joins
/// them. Returns how many there were to look at, and how many went back.
pub async fn expire_overdue(
    pool: &Pool,
    broken: &mut BTreeSet<Uuid>,
) -> Result<(usize, usize), StockError> {
    let known: Vec<Uuid> = broken.iter().copied().collect();
    let overdue = holds::overdue_batch(pool, &known).await?;
    let orders: HashSet<Uuid> = overdue.iter().map(|line| line.order_id).collect();
    if orders.is_empty() {
        return Ok((0, 0));
    }
    match expire(pool, &overdue).await {
        Err(error) if !error.failure().is_transient() => {}
        outcome => return Ok((orders.len(), outcome?)),
    }
    let mut expired = 0;
    for lines in overdue.chunk_by(|one, next| one.order_id == next.order_id) {
        match (expire(pool, lines).await, lines.first()) {
            (Err(error), Some(line)) if !error.failure().is_transient() => {
                error!(
                    order.id = %line.order_id,
                    error = &error as &dyn std::error::Error,
                    "cannot release an overdue hold; audit the stock"
                );
                broken.insert(line.order_id);
            }
            (outcome, _) => expired += outcome?,
        }
    }
    Ok((orders.len(), expired))
}

/// Takes back those of these holds whose stock no other transaction has locked.
async fn expire(pool: &Pool, overdue: &[OverdueLine]) -> Result<usize, StockError> {
    let orders: HashSet<Uuid> = overdue.iter().map(|line| line.order_id).collect();
    let mut tx = pool.begin().await?;
    let (skus, locations): (Vec<&str>, Vec<&str>) = overdue
        .iter()
        .map(|line| (line.sku.as_str(), line.location.as_str()))
        .unzip();
    let locked = levels::lock_free_ones(&mut tx, &skus, &locations).await?;
    let blocked: HashSet<Uuid> = overdue
        .iter()
        .filter(|line| !locked.contains(&(line.sku.as_str().to_owned(), line.location.clone())))
        .map(|line| line.order_id)
        .collect();
    let whole: BTreeSet<Uuid> = orders.difference(&blocked).copied().collect();
    match holds::expire(&mut tx, &Vec::from_iter(whole)).await {
        Ok(expired) => {
            tx.commit().await?;
            Ok(expired)
        }
        Err(error) => {
            // Now, not once it is dropped: the next attempt passes over what is still locked.
            tx.rollback().await?;
            Err(error)
        }
    }
}
