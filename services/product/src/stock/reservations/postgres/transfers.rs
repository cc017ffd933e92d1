//! Transfers, and their effects on lines, stock and movements. The stock and the holds of their orders are locked.

use std::collections::HashMap;

use clock::Ids;
use db::Transaction;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::failure::StockError,
    stock::{
        inventory::model::MovementKind,
        postgres::levels::{self, Shift},
        reservations::model::{Direction, Hash, OrderLine, Transfer, TransferPlan},
    },
};

/// The lines of these orders.
pub async fn lines(tx: &mut Transaction, orders: &[Uuid]) -> Result<Vec<OrderLine>, sqlx::Error> {
    sqlx::query_as!(
        OrderLine,
        r#"SELECT order_id, sku AS "sku: _", location, quantity, shipped, returned, released
           FROM hold_lines WHERE order_id = ANY ($1)"#,
        orders,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Those of these transfers whose units were moved before, with the hashes of their contents.
pub async fn moved(
    tx: &mut Transaction,
    direction: Direction,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Hash>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, fingerprint FROM parcels WHERE kind = $1 AND id = ANY ($2)",
        direction as Direction,
        ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let hash = row
                .fingerprint
                .try_into()
                .map_err(|_| sqlx::Error::Decode("a fingerprint that is no SHA-256".into()))?;
            Ok((row.id, Hash(hash)))
        })
        .collect()
}

/// Writes the fresh transfers, the counters of their lines and of the stock, and a movement for each move.
pub async fn write(
    tx: &mut Transaction,
    ids: Ids,
    direction: Direction,
    transfers: &[Transfer],
    lines: &[OrderLine],
    plan: &TransferPlan,
) -> Result<(), StockError> {
    let (mut transfer_ids, mut orders, mut fingerprints) = (Vec::new(), Vec::new(), Vec::new());
    for (place, content) in &plan.fresh {
        transfer_ids.push(transfers[*place].id);
        orders.push(transfers[*place].order_id);
        fingerprints.push(&content.0[..]);
    }
    let written = sqlx::query!(
        "INSERT INTO parcels (kind, id, order_id, fingerprint)
         SELECT $1, id, order_id, fingerprint
         FROM unnest($2::uuid[], $3::uuid[], $4::bytea[]) AS parcel (id, order_id, fingerprint) ORDER BY id
         ON CONFLICT DO NOTHING",
        direction as Direction,
        &transfer_ids,
        &orders,
        &fingerprints as _,
    )
    .execute(&mut **tx)
    .await?;
    // The id came with another order at the same time: it is found on the next attempt.
    StockError::raced_unless(written.rows_affected() == transfer_ids.len() as u64)?;
    let moves = Moves::new(ids, direction, lines, plan);
    add_to_lines(tx, direction, &moves).await?;
    let (shift, kind) = match direction {
        Direction::Shipment => (Shift::SHIP, MovementKind::Shipped),
        Direction::Return => (Shift::RETURN, MovementKind::Returned),
    };
    levels::shift(tx, shift, &moves.skus, &moves.locations, &moves.quantities).await?;
    sqlx::query!(
        "INSERT INTO movements (id, sku, location, kind, delta, on_hand_after, order_id)
         SELECT id, sku, location, $1, delta, on_hand_after, order_id
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::uuid[])
             AS move (id, sku, location, delta, on_hand_after, order_id) ORDER BY id",
        kind as MovementKind,
        &moves.ids,
        &moves.skus as _,
        &moves.locations as _,
        &moves.deltas,
        &moves.after,
        &moves.orders,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Column by column.
struct Moves<'a> {
    ids: Vec<Uuid>,
    orders: Vec<Uuid>,
    skus: Vec<&'a str>,
    locations: Vec<&'a str>,
    quantities: Vec<i64>,
    deltas: Vec<i64>,
    after: Vec<i64>,
}

impl<'a> Moves<'a> {
    fn new(ids: Ids, direction: Direction, lines: &'a [OrderLine], plan: &TransferPlan) -> Self {
        let moves = || plan.moves.iter().map(|step| (step, &lines[step.line]));
        Self {
            ids: moves().map(|_| ids.uuid()).collect(),
            orders: moves().map(|(_, line)| line.order_id).collect(),
            skus: moves().map(|(_, line)| line.sku.as_str()).collect(),
            locations: moves().map(|(_, line)| line.location.as_str()).collect(),
            quantities: moves().map(|(step, _)| step.quantity).collect(),
            deltas: moves()
                .map(|(step, _)| direction.change(step.quantity))
                .collect(),
            after: moves().map(|(step, _)| step.on_hand_after).collect(),
        }
    }
}

async fn add_to_lines(
    tx: &mut Transaction,
    direction: Direction,
    moves: &Moves<'_>,
) -> Result<(), StockError> {
    let (shipped, returned) = match direction {
        Direction::Shipment => (1_i64, 0_i64),
        Direction::Return => (0, 1),
    };
    let rows = sqlx::query!(
        r#"WITH units AS (
               SELECT order_id, sku, location, sum(quantity)::bigint AS quantity
               FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS move (order_id, sku, location, quantity)
               GROUP BY order_id, sku, location ORDER BY order_id, sku, location
           ), changed AS (
               UPDATE hold_lines line
               SET shipped = line.shipped + $5 * units.quantity, returned = line.returned + $6 * units.quantity,
                   is_open = line.is_open AND line.shipped + $5 * units.quantity + line.released < line.quantity
               FROM units
               WHERE (line.order_id, line.sku, line.location) = (units.order_id, units.sku, units.location) RETURNING 1
           )
           SELECT (SELECT count(*) FROM units) AS "wanted!", (SELECT count(*) FROM changed) AS "changed!""#,
        &moves.orders,
        &moves.skus as _,
        &moves.locations as _,
        &moves.quantities,
        shipped,
        returned,
    )
    .fetch_one(&mut **tx)
    .await?;
    levels::counted(rows.wanted, rows.changed)
}
