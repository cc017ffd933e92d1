//! Holds are committed, released or extended, in batches like reservations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use db::Pool;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    model::{HoldState, MAX_HOLD_SECONDS},
    postgres::holds,
    reach::{Attempt, Reach, attempts},
    retake::{Again, retake},
};
use crate::{
    catalog::products::model::Sku,
    fail_point::{FailPoint, reach as reach_point},
    infrastructure::postgres::failure::{StockError, retries},
    stock::postgres::levels,
};

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
    /// Its time had run out, or its units were given up, and they are not all there again.
    Lost,
    /// Released, or never there.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Released {
    /// Nothing waits on a stock level for this order, now or later.
    Released,
    /// It was committed before, and the release was not to undo that.
    Committed,
}

/// How far a release goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// What is held.
    Held,
    /// What is committed and not shipped as well.
    Committed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extended {
    Extended,
    Committed,
    /// It ended, and its units are not all there again.
    Lost,
    Gone,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Extension {
    pub order_id: Uuid,
    /// From now; a hold is never shortened.
    pub hold_seconds: u32,
}

type States = HashMap<Uuid, HoldState>;

/// Turns held units into allocated ones, all lines of an order or none. A hold that ended is taken again.
pub async fn commit(pool: &Pool, orders: &[Uuid]) -> Result<Vec<Outcome<Committed>>, StockError> {
    let states = attempts(&mut retries(), |reach| commit_once(pool, orders, reach)).await?;
    Ok(outcomes(orders, |id| match states.get(&id) {
        Some(HoldState::Held | HoldState::Committed) => Committed::Committed,
        Some(HoldState::Expired | HoldState::Lost) => Committed::Lost,
        Some(HoldState::Released) | None => Committed::Gone,
    }))
}

/// Decides by states, never by a clock (ORDERS 3). Returns the states as they were found: what was held is committed now.
async fn commit_once(
    pool: &Pool,
    orders: &[Uuid],
    reach: Reach,
) -> Result<Attempt<States>, StockError> {
    let mut tx = pool.begin().await?;
    let stock = holds::lock_stock(&mut tx, orders, reach.skus()).await?;
    reach_point(FailPoint::CommitLocked).await?;
    let mut states = holds::commit(&mut tx, orders, &stock).await?;
    if let Some(skus) = retake(&mut tx, orders, &mut states, &reach, Again::Committed).await? {
        tx.rollback().await?;
        return Ok(Attempt::Widen(skus));
    }
    reach_point(FailPoint::BeforeCommitCommit).await?;
    tx.commit().await?;
    reach_point(FailPoint::AfterCommitCommit).await?;
    Ok(Attempt::Done(states))
}

/// Gives units back, for good: no commit or extension that comes later takes them again. An order that is unknown
/// gets a tombstone, so that its reservation finds nothing left to do.
pub async fn release(
    pool: &Pool,
    orders: &[Uuid],
    release: Release,
) -> Result<Vec<Outcome<Released>>, StockError> {
    let states = retries()
        .run(|| release_once(pool, orders, release))
        .await?;
    Ok(outcomes(orders, |id| match (states.get(&id), release) {
        (Some(HoldState::Committed), Release::Held) => Released::Committed,
        (Some(HoldState::Committed), Release::Committed)
        | (
            Some(HoldState::Held | HoldState::Released | HoldState::Expired | HoldState::Lost)
            | None,
            Release::Held | Release::Committed,
        ) => Released::Released,
    }))
}

/// Returns the states as they were found.
async fn release_once(
    pool: &Pool,
    orders: &[Uuid],
    release: Release,
) -> Result<States, StockError> {
    let mut tx = pool.begin().await?;
    let states = holds::lock(&mut tx, orders).await?.states;
    reach_point(FailPoint::ReleaseLocked).await?;
    let held = in_state(&states, HoldState::Held);
    if !held.is_empty() {
        holds::end(&mut tx, &held, HoldState::Held, HoldState::Released).await?;
        levels::give_back(&mut tx, &held).await?;
    }
    for ended in [HoldState::Expired, HoldState::Lost] {
        let orders = in_state(&states, ended);
        if !orders.is_empty() {
            holds::end(&mut tx, &orders, ended, HoldState::Released).await?;
        }
    }
    let committed = in_state(&states, HoldState::Committed);
    if release == Release::Committed && !committed.is_empty() {
        levels::give_allocated_back(&mut tx, &committed).await?;
        holds::give_up(&mut tx, &committed).await?;
    }
    let unknown: BTreeSet<Uuid> = orders
        .iter()
        .copied()
        .filter(|id| !states.contains_key(id))
        .collect();
    if !unknown.is_empty() {
        holds::insert_tombstones(&mut tx, &Vec::from_iter(unknown)).await?;
    }
    reach_point(FailPoint::BeforeReleaseCommit).await?;
    tx.commit().await?;
    reach_point(FailPoint::AfterReleaseCommit).await?;
    Ok(states)
}

/// Lets holds run longer, to the payment window. A hold that ended is taken again.
pub async fn extend(
    pool: &Pool,
    extensions: &[Extension],
) -> Result<Vec<Outcome<Extended>>, StockError> {
    let orders: Vec<Uuid> = extensions
        .iter()
        .map(|extension| extension.order_id)
        .collect();
    // Of an order named twice the longer time counts.
    let mut longest: BTreeMap<Uuid, u32> = BTreeMap::new();
    for extension in extensions {
        let seconds = longest.entry(extension.order_id).or_default();
        *seconds = (*seconds).max(extension.hold_seconds.min(MAX_HOLD_SECONDS));
    }
    let states = attempts(&mut retries(), |reach| {
        extend_once(pool, &orders, &longest, reach)
    })
    .await?;
    Ok(outcomes(&orders, |id| match states.get(&id) {
        Some(HoldState::Held) => Extended::Extended,
        Some(HoldState::Committed) => Extended::Committed,
        Some(HoldState::Expired | HoldState::Lost) => Extended::Lost,
        Some(HoldState::Released) | None => Extended::Gone,
    }))
}

/// Locks holds alone at first: no units move, and no transaction that waits for stock waits for this.
async fn extend_once(
    pool: &Pool,
    orders: &[Uuid],
    longest: &BTreeMap<Uuid, u32>,
    reach: Reach,
) -> Result<Attempt<States>, StockError> {
    let mut tx = pool.begin().await?;
    if !reach.skus().is_empty() {
        let skus: Vec<&str> = reach.skus().iter().map(Sku::as_str).collect();
        levels::lock(&mut tx, &skus).await?;
    }
    let mut states = holds::lock_alone(&mut tx, orders).await?;
    reach_point(FailPoint::ExtendLocked).await?;
    holds::extend(&mut tx, longest).await?;
    if let Some(skus) = retake(&mut tx, orders, &mut states, &reach, Again::Held(longest)).await? {
        tx.rollback().await?;
        return Ok(Attempt::Widen(skus));
    }
    reach_point(FailPoint::BeforeExtendCommit).await?;
    tx.commit().await?;
    reach_point(FailPoint::AfterExtendCommit).await?;
    Ok(Attempt::Done(states))
}

fn in_state(states: &States, wanted: HoldState) -> Vec<Uuid> {
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
