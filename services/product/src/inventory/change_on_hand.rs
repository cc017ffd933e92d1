//! Setting and adjusting `on_hand`, under the lock that reservations take as well.

use sqlx::PgPool;
use web::{
    clock::Clock,
    conditional::{ETag, IfMatch},
};

use super::{DEFAULT_LOCATION, Inventory, MAX_ON_HAND, Movement, MovementKind};
use crate::{
    catalogue::{Owner, Reason, Sku},
    idempotency::{Answer, Claim, Once},
    reservation::{Reach, Shelf, StockError, give_up},
    retry::Retries,
    store,
};

#[derive(Clone, Debug)]
pub struct ChangeOnHand {
    pub sku: Sku,
    pub owner: Owner,
    pub count: NewCount,
    pub reason: Option<Reason>,
    /// Rather than to refuse, lets orders lose what they have and is not there.
    pub force: bool,
}

#[derive(Clone, Debug)]
pub enum NewCount {
    /// There are so many, if there were as many as the caller thinks.
    Set {
        on_hand: i64,
        low_stock_threshold: Option<i64>,
        if_match: IfMatch,
    },
    /// So many came (or, negative, went).
    Adjust { delta: i64 },
}

#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error("the owner has no product with this sku")]
    NotFound,
    #[error("the count changed since it was read")]
    Stale,
    #[error("{committed} units are held or allocated, more than {on_hand}")]
    BelowCommitted { on_hand: i64, committed: i64 },
    #[error("more than {MAX_ON_HAND} units")]
    TooMany,
    #[error("the key belongs to another request")]
    KeyOfAnotherRequest,
    #[error("the answer cannot be written")]
    Answer(#[source] serde_json::Error),
    #[error("the count cannot be kept")]
    Stock(#[from] StockError),
}

impl From<sqlx::Error> for InventoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Stock(error.into())
    }
}

/// Writes the new count, its movement and the answer in one transaction, and tries again while locks are in the way.
pub async fn change_on_hand(
    pool: &PgPool,
    clock: Clock,
    change: &ChangeOnHand,
    once: &Once,
    answer: impl Fn(Inventory) -> Result<Answer, serde_json::Error> + Send + Sync,
) -> Result<Answer, InventoryError> {
    let (mut retries, mut reach) = (Retries::begin(), Reach::default());
    loop {
        match attempt(pool, clock, change, once, &answer, &reach).await {
            Ok(Attempt::Done(answer)) => return Ok(answer),
            Ok(Attempt::Widen(skus)) => reach.widen(skus),
            Err(InventoryError::Stock(error)) => retries.again(error).await?,
            Err(refused) => return Err(refused),
        }
    }
}

enum Attempt {
    Done(Answer),
    /// The stock of these must be locked first, in order.
    Widen(Vec<Sku>),
}

async fn attempt(
    pool: &PgPool,
    clock: Clock,
    change: &ChangeOnHand,
    once: &Once,
    answer: &(impl Fn(Inventory) -> Result<Answer, serde_json::Error> + Send + Sync),
    reach: &Reach,
) -> Result<Attempt, InventoryError> {
    let mut tx = pool.begin().await?;
    match store::keys::claim(&mut tx, once).await? {
        Claim::Fresh => {}
        Claim::Answered(answer) => return Ok(Attempt::Done(answer)),
        Claim::OfAnotherRequest => return Err(InventoryError::KeyOfAnotherRequest),
    }
    let sku = &change.sku;
    store::inventory::find(&mut *tx, sku, change.owner)
        .await?
        .ok_or(InventoryError::NotFound)?;
    let mut skus: Vec<&str> = reach.skus().iter().map(Sku::as_str).collect();
    skus.push(sku.as_str());
    let mut shelves = store::shelves::lock(&mut tx, &skus).await?;
    shelves.retain(|shelf| shelf.sku == *sku);
    let main = shelves
        .iter()
        .find(|shelf| shelf.location == DEFAULT_LOCATION)
        .ok_or(InventoryError::NotFound)?;
    let on_hand = change.count.new_on_hand(main, &shelves)?;
    let committed = main.held + main.allocated;
    if on_hand < committed {
        if !change.force || on_hand < 0 {
            return Err(InventoryError::BelowCommitted { on_hand, committed });
        }
        let shelf = (sku, DEFAULT_LOCATION);
        if let Some(skus) = give_up(&mut tx, clock, shelf, on_hand, reach).await? {
            tx.rollback().await?;
            return Ok(Attempt::Widen(skus));
        }
    }
    store::inventory::set(
        &mut tx,
        sku,
        DEFAULT_LOCATION,
        on_hand,
        change.count.low_stock_threshold(),
    )
    .await?;
    if on_hand != main.on_hand {
        let movement = Movement {
            id: clock.uuid(),
            sku: sku.clone(),
            location: DEFAULT_LOCATION.to_owned(),
            kind: change.count.movement_kind(),
            delta: on_hand - main.on_hand,
            on_hand_after: on_hand,
            reason: change.reason.clone(),
            actor: Some(once.principal),
        };
        store::movements::add(&mut tx, &movement).await?;
    }
    let inventory = store::inventory::find(&mut *tx, sku, change.owner)
        .await?
        .ok_or(InventoryError::NotFound)?;
    let answer = answer(inventory).map_err(InventoryError::Answer)?;
    store::keys::keep(&mut tx, once, &answer).await?;
    tx.commit().await?;
    Ok(Attempt::Done(answer))
}

impl NewCount {
    /// What `main` will hold, given all shelves of the SKU as they are under the lock.
    fn new_on_hand(&self, main: &Shelf, shelves: &[Shelf]) -> Result<i64, InventoryError> {
        let on_hand = match self {
            Self::Set {
                on_hand, if_match, ..
            } => {
                let total: i64 = shelves.iter().map(|shelf| shelf.on_hand).sum();
                if_match
                    .check(ETag(total))
                    .map_err(|_| InventoryError::Stale)?;
                on_hand - (total - main.on_hand)
            }
            Self::Adjust { delta } => main.on_hand + delta,
        };
        if on_hand > MAX_ON_HAND {
            Err(InventoryError::TooMany)
        } else {
            Ok(on_hand)
        }
    }

    fn low_stock_threshold(&self) -> Option<i64> {
        match self {
            Self::Set {
                low_stock_threshold,
                ..
            } => *low_stock_threshold,
            Self::Adjust { .. } => None,
        }
    }

    fn movement_kind(&self) -> MovementKind {
        match self {
            Self::Set { .. } => MovementKind::Set,
            Self::Adjust { .. } => MovementKind::Adjustment,
        }
    }
}
