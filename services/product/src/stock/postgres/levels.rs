//! Stock levels: locked first, in key order, by each transaction that changes them (ORDERS 7, 8, 9).

use std::collections::HashSet;

use db::Transaction;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::failure::StockError, stock::reservations::model::StockLevel,
};

/// Locks all locations of these SKUs, and reads them as they are then.
pub async fn lock(tx: &mut Transaction, skus: &[&str]) -> Result<Vec<StockLevel>, sqlx::Error> {
    sqlx::query_as!(
        StockLevel,
        r#"SELECT sku AS "sku: _", location, priority, on_hand, held, allocated FROM stock WHERE sku = ANY ($1)
           ORDER BY sku, location FOR NO KEY UPDATE"#,
        skus as _,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Locks the rows that the lines of these orders hold units of, and reads them as they are then.
pub(crate) async fn lock_of(
    tx: &mut Transaction,
    orders: &[Uuid],
) -> Result<Vec<StockLevel>, sqlx::Error> {
    sqlx::query_as!(
        StockLevel,
        r#"SELECT s.sku AS "sku: _", s.location, s.priority, s.on_hand, s.held, s.allocated
           FROM stock s WHERE (s.sku, s.location) IN (SELECT sku, location FROM hold_lines WHERE order_id = ANY ($1))
           ORDER BY s.sku, s.location FOR NO KEY UPDATE OF s"#,
        orders,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Locks those of these rows that no other transaction has locked, and names them.
pub async fn lock_free_ones(
    tx: &mut Transaction,
    skus: &[&str],
    locations: &[&str],
) -> Result<HashSet<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT s.sku, s.location FROM stock s WHERE (s.sku, s.location) IN (SELECT * FROM unnest($1::text[], $2::text[]))
         ORDER BY s.sku, s.location FOR NO KEY UPDATE OF s SKIP LOCKED",
        skus as _,
        locations as _,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.sku, row.location))
        .collect())
}

/// How a quantity changes the counters of its row, as factors.
#[derive(Clone, Copy, Debug)]
pub struct Shift {
    on_hand: i64,
    held: i64,
    allocated: i64,
}

impl Shift {
    pub const HOLD: Self = Self::new(0, 1, 0);
    pub const ALLOCATE: Self = Self::new(0, 0, 1);
    pub const SHIP: Self = Self::new(-1, 0, -1);
    pub const RETURN: Self = Self::new(1, 0, 0);
    pub const FALL_SHORT: Self = Self::new(0, 0, -1);

    const fn new(on_hand: i64, held: i64, allocated: i64) -> Self {
        Self {
            on_hand,
            held,
            allocated,
        }
    }
}

/// Changes the counters of locked rows: by a quantity for each place of the three lists.
pub(crate) async fn shift(
    tx: &mut Transaction,
    shift: Shift,
    skus: &[&str],
    locations: &[&str],
    quantities: &[i64],
) -> Result<(), StockError> {
    let rows = sqlx::query!(
        r#"WITH units AS (
               SELECT sku, location, sum(quantity)::bigint AS quantity
               FROM unnest($1::text[], $2::text[], $3::bigint[]) AS line (sku, location, quantity)
               GROUP BY sku, location ORDER BY sku, location
           ), changed AS (
               UPDATE stock SET on_hand = stock.on_hand + $4 * units.quantity, held = stock.held + $5 * units.quantity,
                   allocated = stock.allocated + $6 * units.quantity
               FROM units WHERE stock.sku = units.sku AND stock.location = units.location RETURNING 1
           )
           SELECT (SELECT count(*) FROM units) AS "wanted!", (SELECT count(*) FROM changed) AS "changed!""#,
        skus as _,
        locations as _,
        quantities,
        shift.on_hand,
        shift.held,
        shift.allocated,
    )
    .fetch_one(&mut **tx)
    .await?;
    counted(rows.wanted, rows.changed)
}

/// Gives the units of these orders back, on locked rows.
pub async fn give_back(tx: &mut Transaction, orders: &[Uuid]) -> Result<(), StockError> {
    let rows = sqlx::query!(
        r#"WITH units AS (
               SELECT sku, location, sum(quantity)::bigint AS quantity FROM hold_lines WHERE order_id = ANY ($1)
               GROUP BY sku, location ORDER BY sku, location
           ), changed AS (
               UPDATE stock SET held = stock.held - units.quantity FROM units
               WHERE stock.sku = units.sku AND stock.location = units.location RETURNING 1
           )
           SELECT (SELECT count(*) FROM units) AS "wanted!", (SELECT count(*) FROM changed) AS "changed!""#,
        orders,
    )
    .fetch_one(&mut **tx)
    .await?;
    counted(rows.wanted, rows.changed)
}

/// Takes what these orders have allocated and not shipped off the counters, on locked rows. Their lines still say it.
pub async fn give_allocated_back(tx: &mut Transaction, orders: &[Uuid]) -> Result<(), StockError> {
    let rows = sqlx::query!(
        r#"WITH units AS (
               SELECT sku, location, sum(quantity - shipped - released)::bigint AS quantity
               FROM hold_lines WHERE order_id = ANY ($1) AND shipped + released < quantity
               GROUP BY sku, location ORDER BY sku, location
           ), changed AS (
               UPDATE stock SET allocated = stock.allocated - units.quantity FROM units
               WHERE stock.sku = units.sku AND stock.location = units.location RETURNING 1
           )
           SELECT (SELECT count(*) FROM units) AS "wanted!", (SELECT count(*) FROM changed) AS "changed!""#,
        orders,
    )
    .fetch_one(&mut **tx)
    .await?;
    counted(rows.wanted, rows.changed)
}

pub(crate) fn counted(wanted: i64, changed: i64) -> Result<(), StockError> {
    if wanted == changed {
        Ok(())
    } else {
        Err(StockError::Miscounted { wanted, changed })
    }
}
