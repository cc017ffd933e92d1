//! Movements: why `on_hand` is what it is. Only ever added to.

use chrono::{DateTime, TimeDelta, Utc};
use db::{
    Pool, Transaction,
    readable::{Attempt, Time, row},
};
use uuid::Uuid;
use web::list::{Paging, Total};

use crate::{
    catalog::products::model::{Reason, Sku, VendorId},
    stock::{
        inventory::model::{Movement, MovementId, MovementKind, PastMovement},
        reservations::model::OrderId,
    },
};

pub async fn add(tx: &mut Transaction, movement: &Movement) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO movements (id, sku, location, kind, delta, on_hand_after, reason, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        movement.id,
        movement.sku.as_str(),
        movement.location,
        movement.kind as MovementKind,
        movement.delta,
        movement.on_hand_after,
        movement.reason.as_ref().map(Reason::as_str),
        movement.actor,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The sort key of a movement; the newest come first.
pub type Position = (DateTime<Utc>, Uuid);

row!(
    MovementRow, "movement", id.0 => PastMovement
    {
        id: MovementId, location: String, delta: i64, on_hand_after: i64, reason: Option<String>,
        order_id: Option<OrderId>, actor: Option<VendorId>,
    }
    { kind: Attempt<MovementKind>, created_at: Attempt<Time> }
);

impl MovementRow {
    pub fn position(&self) -> Option<Position> {
        Some((self.created_at.get()?.0, self.id.0))
    }
}

pub async fn rows(
    pool: &Pool,
    sku: &Sku,
    paging: &Paging<Position>,
) -> Result<Vec<MovementRow>, sqlx::Error> {
    // A thousand years from the epoch: before the first row, newest first.
    let start = (DateTime::UNIX_EPOCH + TimeDelta::days(365_250), Uuid::max());
    let (at, id) = paging.after().copied().unwrap_or(start);
    sqlx::query_as!(
        MovementRow,
        r#"SELECT id AS "id: _", location, kind AS "kind: _", delta, on_hand_after, reason, order_id AS "order_id: _",
               actor AS "actor: _", created_at AS "created_at: _"
           FROM movements WHERE sku = $1 AND (created_at, id) < ($2, $3)
           ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5"#,
        sku.as_str(),
        at,
        id,
        paging.fetch(),
        paging.offset(),
    )
    .fetch_all(pool)
    .await
}

pub async fn total(pool: &Pool, sku: &Sku) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM movements WHERE sku = $1 LIMIT $2) counted"#,
        sku.as_str(),
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await
}
