//! Holds that are taken again: their stock and they themselves are locked.

use std::collections::BTreeMap;

use db::Transaction;
use uuid::Uuid;

use crate::{
    catalog::products::model::Sku,
    infrastructure::postgres::failure::StockError,
    stock::postgres::levels::{self, Shift},
};

/// Units that an ended hold had.
#[derive(Clone, Debug)]
pub struct EndedLine {
    pub order_id: Uuid,
    pub sku: Sku,
    pub quantity: i64,
}

/// Orders that get their units again, and from where, column by column.
#[derive(Debug, Default)]
pub struct Taken {
    pub orders: Vec<Uuid>,
    line_orders: Vec<Uuid>,
    skus: Vec<String>,
    locations: Vec<String>,
    quantities: Vec<i64>,
}

impl Taken {
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    pub fn add(&mut self, order: Uuid, sku: &str, location: String, quantity: i64) {
        self.line_orders.push(order);
        self.skus.push(sku.to_owned());
        self.locations.push(location);
        self.quantities.push(quantity);
    }
}

/// The lines of these orders, whose holds are locked.
pub async fn lines(tx: &mut Transaction, orders: &[Uuid]) -> Result<Vec<EndedLine>, sqlx::Error> {
    sqlx::query_as!(
        EndedLine,
        r#"SELECT order_id, sku AS "sku: _", quantity FROM hold_lines WHERE order_id = ANY ($1)"#,
        orders,
    )
    .fetch_all(&mut **tx)
    .await
}

/// They are committed now.
pub async fn commit(tx: &mut Transaction, taken: &Taken) -> Result<(), StockError> {
    rewrite(tx, taken).await?;
    let revived = sqlx::query!(
        "UPDATE holds SET state = 'committed', ended_at = now()
         WHERE order_id = ANY ($1) AND state NOT IN ('held', 'committed', 'released')",
        &taken.orders,
    )
    .execute(&mut **tx)
    .await?;
    StockError::raced_unless(revived.rows_affected() == taken.orders.len() as u64)?;
    shift(tx, taken, Shift::ALLOCATE).await
}

/// They are held again, for so many seconds from now.
pub async fn hold(
    tx: &mut Transaction,
    taken: &Taken,
    seconds: &BTreeMap<Uuid, u32>,
) -> Result<(), StockError> {
    rewrite(tx, taken).await?;
    let seconds: Vec<i32> = taken
        .orders
        .iter()
        .map(|order| seconds.get(order).copied().unwrap_or(0).cast_signed())
        .collect();
    let revived = sqlx::query!(
        "UPDATE holds SET state = 'held', ended_at = NULL, expires_at = now() + make_interval(secs => again.seconds)
         FROM unnest($1::uuid[], $2::int[]) AS again (order_id, seconds)
         WHERE holds.order_id = again.order_id AND state NOT IN ('held', 'committed', 'released')",
        &taken.orders,
        &seconds,
    )
    .execute(&mut **tx)
    .await?;
    StockError::raced_unless(revived.rows_affected() == taken.orders.len() as u64)?;
    shift(tx, taken, Shift::HOLD).await
}

/// Lines say from where units are taken; that may have changed since the first time.
async fn rewrite(tx: &mut Transaction, taken: &Taken) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO hold_lines (order_id, line, product_id, vendor_id, name, unit_price_minor, sku, location, quantity)
         SELECT take.order_id, old.line, old.product_id, old.vendor_id, old.name, old.unit_price_minor, take.sku,
             take.location, take.quantity
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS take (order_id, sku, location, quantity)
         CROSS JOIN LATERAL (
             SELECT line, product_id, vendor_id, name, unit_price_minor FROM hold_lines
             WHERE hold_lines.order_id = take.order_id AND hold_lines.sku = take.sku LIMIT 1
         ) old
         ORDER BY take.order_id, take.sku, take.location
         ON CONFLICT (order_id, sku, location) DO UPDATE SET quantity = EXCLUDED.quantity, is_open = true
         WHERE hold_lines.quantity <> EXCLUDED.quantity OR NOT hold_lines.is_open",
        &taken.line_orders,
        &taken.skus,
        &taken.locations,
        &taken.quantities,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "DELETE FROM hold_lines line WHERE order_id = ANY ($1) AND NOT EXISTS (
             SELECT FROM unnest($2::uuid[], $3::text[], $4::text[]) AS take (order_id, sku, location)
             WHERE (take.order_id, take.sku, take.location) = (line.order_id, line.sku, line.location)
         )",
        &taken.orders,
        &taken.line_orders,
        &taken.skus,
        &taken.locations,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn shift(tx: &mut Transaction, taken: &Taken, shift: Shift) -> Result<(), StockError> {
    let skus: Vec<&str> = taken.skus.iter().map(String::as_str).collect();
    let locations: Vec<&str> = taken.locations.iter().map(String::as_str).collect();
    levels::shift(tx, shift, &skus, &locations, &taken.quantities).await
}
