//! Movements: why `on_hand` is what it is. Only ever added to.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgPool, PgTransaction};
use uuid::Uuid;
use web::list::{Paging, Total};

use crate::{
    catalogue::{Reason, Sku},
    inventory::{Movement, MovementKind, PastMovement},
};

pub async fn add(tx: &mut PgTransaction<'_>, movement: &Movement) -> Result<(), sqlx::Error> {
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

pub async fn rows(
    pool: &PgPool,
    sku: &Sku,
    paging: &Paging<Position>,
) -> Result<Vec<PastMovement>, sqlx::Error> {
    // A thousand years from the epoch: before the first row, newest first.
    let start = (DateTime::UNIX_EPOCH + TimeDelta::days(365_250), Uuid::max());
    let (at, id) = paging.after().copied().unwrap_or(start);
    sqlx::query_as!(
        PastMovement,
        r#"SELECT id, location, kind AS "kind: _", delta, on_hand_after, reason, order_id, actor, created_at
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

pub async fn total(pool: &PgPool, sku: &Sku) -> Result<Total, sqlx::Error> {
    let counted = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM movements WHERE sku = $1 LIMIT $2) counted"#,
        sku.as_str(),
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await?;
    Ok(Total::counted(counted))
}
