//! Setting and adjusting `on_hand`, under the lock that reservations take as well.

use clock::Ids;
use db::{Failure, Pool, Retryable};
use idempotency::{Answer, Claim, Once};
use serde_json::json;
use web::conditional::{ETag, IfMatch};

use super::{
    model::{DEFAULT_LOCATION, Inventory, MAX_ON_HAND, Movement, MovementKind},
    postgres::{inventory, movements},
};
use crate::{
    catalog::products::model::{Owner, Reason, Sku},
    infrastructure::postgres::{
        audit_outbox,
        failure::{StockError, retries},
        idempotency_keys,
    },
    stock::{
        locations::model::LocationCode,
        postgres::levels,
        reservations::{Attempt, Reach, attempts, model::StockLevel},
        shortfalls::give_up,
    },
};

#[derive(Clone, Debug)]
pub struct ChangeOnHand {
    pub sku: Sku,
    pub owner: Owner,
    /// None: the only one, or `main`.
    pub location: Option<LocationCode>,
    pub count: NewCount,
    /// None: unchanged.
    pub low_stock_threshold: Option<i64>,
    pub reason: Option<Reason>,
    /// Rather than to refuse, lets orders lose what they have and is not there.
    pub force: bool,
}

#[derive(Clone, Debug)]
pub enum NewCount {
    /// There are so many in this place, if there were as many in all as the caller thinks.
    Set { on_hand: i64, if_match: IfMatch },
    /// So many came (or, negative, went).
    Adjust { delta: i64 },
}

#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error("the owner has no product with this sku")]
    NotFound,
    #[error("no such location")]
    UnknownLocation,
    #[error("the SKU has units in several locations")]
    LocationRequired,
    #[error("the count has changed since it was read")]
    Stale,
    #[error("{committed} units are held or allocated, more than {on_hand}")]
    BelowCommitted { on_hand: i64, committed: i64 },
    #[error("the count exceeds {MAX_ON_HAND} units")]
    TooMany,
    #[error("the key was used for a different request")]
    KeyOfAnotherRequest,
    #[error("cannot serialize the response")]
    Answer(#[source] serde_json::Error),
    #[error("cannot store the count")]
    Stock(#[from] StockError),
}

impl From<sqlx::Error> for InventoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Stock(error.into())
    }
}

impl Retryable for InventoryError {
    fn failure(&self) -> Failure {
        if let Self::Stock(error) = self {
            error.failure()
        } else {
            Failure::Defect
        }
    }
}

/// Writes the new count, its movement and the answer in one transaction, and tries again while locks are in the way.
pub async fn change_on_hand(
    pool: &Pool,
    ids: Ids,
    change: &ChangeOnHand,
    once: &Once,
    answer: impl Fn(&Inventory) -> Result<Answer, serde_json::Error> + Send + Sync,
) -> Result<Answer, InventoryError> {
    attempts(&mut retries(), |reach| {
        attempt(pool, ids, change, once, &answer, reach)
    })
    .await
}

async fn attempt(
    pool: &Pool,
    ids: Ids,
    change: &ChangeOnHand,
    once: &Once,
    answer: &(impl Fn(&Inventory) -> Result<Answer, serde_json::Error> + Send + Sync),
    reach: Reach,
) -> Result<Attempt<Answer>, InventoryError> {
    let mut tx = pool.begin().await?;
    match idempotency_keys::claim(&mut tx, once).await? {
        Claim::Fresh => {}
        Claim::Answered(answer) => return Ok(Attempt::Done(answer)),
        Claim::OfAnotherRequest => return Err(InventoryError::KeyOfAnotherRequest),
    }
    let sku = &change.sku;
    inventory::find(&mut *tx, sku, change.owner)
        .await?
        .ok_or(InventoryError::NotFound)?;
    if let Some(location) = &change.location {
        inventory::open_at(&mut tx, sku, location).await?;
    }
    let mut skus: Vec<&str> = reach.skus().iter().map(Sku::as_str).collect();
    skus.push(sku.as_str());
    let mut levels = levels::lock(&mut tx, &skus).await?;
    levels.retain(|level| level.sku == *sku);
    let level = change.level(&levels)?;
    let location = level.location.as_str();
    let on_hand = change.count.new_on_hand(level, &levels)?;
    let committed = level.held + level.allocated;
    if on_hand < committed {
        if !change.force || on_hand < 0 {
            return Err(InventoryError::BelowCommitted { on_hand, committed });
        }
        let given_up = give_up(&mut tx, ids, (sku, location), on_hand, &reach).await?;
        if let Some(skus) = given_up {
            tx.rollback().await?;
            return Ok(Attempt::Widen(skus));
        }
    }
    inventory::set(&mut tx, sku, location, on_hand, change.low_stock_threshold).await?;
    if on_hand != level.on_hand {
        let movement = Movement {
            id: ids.uuid(),
            sku: sku.clone(),
            location: location.to_owned(),
            kind: change.count.movement_kind(),
            delta: on_hand - level.on_hand,
            on_hand_after: on_hand,
            reason: change.reason.clone(),
            actor: Some(once.principal),
        };
        movements::add(&mut tx, &movement).await?;
    }
    let data = json!({
        "location": location, "on_hand": on_hand, "delta": on_hand - level.on_hand, "force": change.force,
        "low_stock_threshold": change.low_stock_threshold,
    });
    let (admin, action) = (change.owner.admin(), change.count.action());
    let target = sku.as_str().to_owned();
    audit_outbox::record(&mut tx, ids, admin, action, target, data).await?;
    let inventory = inventory::find(&mut *tx, sku, change.owner)
        .await?
        .ok_or(InventoryError::NotFound)?;
    let answer = answer(&inventory).map_err(InventoryError::Answer)?;
    idempotency_keys::keep(&mut tx, once, &answer).await?;
    tx.commit().await?;
    Ok(Attempt::Done(answer))
}

impl ChangeOnHand {
    /// The one that changes, of all stock levels of the SKU.
    fn level<'a>(&self, levels: &'a [StockLevel]) -> Result<&'a StockLevel, InventoryError> {
        let at = |location| levels.iter().find(|level| level.location == location);
        match (&self.location, &self.count, levels) {
            (Some(code), _, _) => at(code.as_str()).ok_or(InventoryError::UnknownLocation),
            (None, _, [only]) => Ok(only),
            (None, NewCount::Set { .. }, _) => Err(InventoryError::LocationRequired),
            (None, NewCount::Adjust { .. }, _) => {
                at(DEFAULT_LOCATION).ok_or(InventoryError::LocationRequired)
            }
        }
    }
}

impl NewCount {
    /// What the stock level will hold, given all stock levels of the SKU as they are under the lock.
    fn new_on_hand(&self, here: &StockLevel, levels: &[StockLevel]) -> Result<i64, InventoryError> {
        let on_hand = match self {
            Self::Set { on_hand, if_match } => {
                let total: i64 = levels.iter().map(|level| level.on_hand).sum();
                if_match
                    .check(ETag(total))
                    .map_err(|_| InventoryError::Stale)?;
                *on_hand
            }
            Self::Adjust { delta } => here.on_hand + delta,
        };
        if on_hand > MAX_ON_HAND {
            Err(InventoryError::TooMany)
        } else {
            Ok(on_hand)
        }
    }

    /// As the audit log names it.
    fn action(&self) -> &'static str {
        match self {
            Self::Set { .. } => "stock.set",
            Self::Adjust { .. } => "stock.adjusted",
        }
    }

    fn movement_kind(&self) -> MovementKind {
        match self {
            Self::Set { .. } => MovementKind::Set,
            Self::Adjust { .. } => MovementKind::Adjustment,
        }
    }
}
