//! What becomes of holds: committed, released, extended, or taken back when overdue. Batched like reservations.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use super::{HoldState, MAX_HOLD_SECONDS, StockError};
use crate::{retry::Retries, store};

/// What became of one order's hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome<T> {
    pub order_id: Uuid,
    pub outcome: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Committed {
    Committed,
    /// Its time had run out and the units went back.
    Lost,
    /// Released, or never there.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Released {
    /// Nothing is held for this order, now or later.
    Released,
    /// It was committed before; a release does not undo that.
    Committed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extended {
    Extended,
    Committed,
    Lost,
    Gone,
}

#[derive(Clone, Copy, Debug)]
pub struct Extension {
    pub order_id: Uuid,
    /// From now; a hold is never shortened.
    pub hold_seconds: u32,
}

/// Turns held units into allocated ones, all lines of an order or none.
pub async fn commit(pool: &PgPool, orders: &[Uuid]) -> Result<Vec<Outcome<Committed>>, StockError> {
    let mut retries = Retries::begin();
    let states = loop {
        match commit_once(pool, orders).await {
            Ok(states) => break states,
            Err(error) => retries.again(error).await?,
        }
    };
    Ok(outcomes(orders, |id| match states.get(&id) {
        Some(HoldState::Held | HoldState::Committed) => Committed::Committed,
        Some(HoldState::Expired | HoldState::Lost) => Committed::Lost,
        Some(HoldState::Released) | None => Committed::Gone,
    }))
}

/// The states as they were found; what was held is committed now. Looks at states, never at a clock (ORDERS 3).
async fn commit_once(
    pool: &PgPool,
    orders: &[Uuid],
) -> Result<HashMap<Uuid, HoldState>, StockError> {
    let mut tx = pool.begin().await?;
    let states = store::holds::lock(&mut tx, orders).await?;
    let held = in_state(&states, HoldState::Held);
    if !held.is_empty() {
        store::holds::end(&mut tx, &held, HoldState::Committed).await?;
        store::shelves::allocate(&mut tx, &held).await?;
    }
    tx.commit().await?;
    Ok(states)
}

/// Gives held units back. An order that is unknown gets a tombstone, so that its reservation finds nothing left to do.
pub async fn release(pool: &PgPool, orders: &[Uuid]) -> Result<Vec<Outcome<Released>>, StockError> {
    let mut retries = Retries::begin();
    let states = loop {
        match release_once(pool, orders).await {
            Ok(states) => break states,
            Err(error) => retries.again(error).await?,
        }
    };
    Ok(outcomes(orders, |id| match states.get(&id) {
        Some(HoldState::Committed) => Released::Committed,
        Some(HoldState::Held | HoldState::Released | HoldState::Expired | HoldState::Lost)
        | None => Released::Released,
    }))
}

async fn release_once(
    pool: &PgPool,
    orders: &[Uuid],
) -> Result<HashMap<Uuid, HoldState>, StockError> {
    let mut tx = pool.begin().await?;
    let states = store::holds::lock(&mut tx, orders).await?;
    let held = in_state(&states, HoldState::Held);
    if !held.is_empty() {
        store::holds::end(&mut tx, &held, HoldState::Released).await?;
        store::shelves::give_back(&mut tx, &held).await?;
    }
    let unknown: BTreeSet<Uuid> = orders
        .iter()
        .copied()
        .filter(|id| !states.contains_key(id))
        .collect();
    if !unknown.is_empty() {
        store::holds::bury(&mut tx, &Vec::from_iter(unknown)).await?;
    }
    tx.commit().await?;
    Ok(states)
}

/// Lets holds run longer, to the payment window.
pub async fn extend(
    pool: &PgPool,
    extensions: &[Extension],
) -> Result<Vec<Outcome<Extended>>, StockError> {
    // Of an order named twice the longer time counts.
    let mut longest: BTreeMap<Uuid, u32> = BTreeMap::new();
    for extension in extensions {
        let seconds = longest.entry(extension.order_id).or_default();
        *seconds = (*seconds).max(extension.hold_seconds.min(MAX_HOLD_SECONDS));
    }
    let mut retries = Retries::begin();
    let states = loop {
        match store::holds::extend(pool, &longest).await {
            Ok(states) => break states,
            Err(error) => retries.again(error).await?,
        }
    };
    let orders: Vec<Uuid> = extensions
        .iter()
        .map(|extension| extension.order_id)
        .collect();
    Ok(outcomes(&orders, |id| match states.get(&id) {
        Some(HoldState::Held) => Extended::Extended,
        Some(HoldState::Committed) => Extended::Committed,
        Some(HoldState::Expired | HoldState::Lost) => Extended::Lost,
        Some(HoldState::Released) | None => Extended::Gone,
    }))
}

/// Takes back holds whose time has run out: a few at a time, past stock that somebody works on (ORDERS 7).
/// Answers how many there were to look at, and how many went back.
pub async fn expire_overdue(pool: &PgPool) -> Result<(usize, usize), StockError> {
    let overdue = store::holds::overdue_batch(pool).await?;
    let orders: HashSet<Uuid> = overdue.iter().map(|line| line.order_id).collect();
    if orders.is_empty() {
        return Ok((0, 0));
    }
    let mut tx = pool.begin().await?;
    let locked = store::shelves::lock_free_ones(&mut tx, &overdue).await?;
    let blocked: HashSet<Uuid> = overdue
        .iter()
        .filter(|line| !locked.contains(&(line.sku.as_str().to_owned(), line.location.clone())))
        .map(|line| line.order_id)
        .collect();
    let whole: BTreeSet<Uuid> = orders.difference(&blocked).copied().collect();
    let expired = store::holds::expire(&mut tx, &Vec::from_iter(whole)).await?;
    tx.commit().await?;
    Ok((orders.len(), expired))
}

fn in_state(states: &HashMap<Uuid, HoldState>, wanted: HoldState) -> Vec<Uuid> {
    let ids: BTreeSet<Uuid> = states
        .iter()
        .filter(|(_, state)| **state == wanted)
        .map(|(id, _)| *id)
        .collect();
    ids.into_iter().collect()
}

fn outcomes<T>(orders: &[Uuid], outcome: impl Fn(Uuid) -> T) -> Vec<Outcome<T>> {
    orders
        .iter()
        .map(|order_id| Outcome {
            order_id: *order_id,
            outcome: outcome(*order_id),
        })
        .collect()
}
