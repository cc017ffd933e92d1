//! Holds whose time has run out: found unlocked, flipped under the lock of their stock (ORDERS 7).

use db::{Pool, Transaction};
use uuid::Uuid;

use super::close_lines;
use crate::{
    catalog::products::model::Sku, infrastructure::postgres::failure::StockError,
    stock::postgres::levels,
};

/// Rows of stock that one sweep locks at most (ORDERS 11).
const SWEPT_LINES: u8 = 100;
/// Overdue lines that one batch takes back at most.
const TAKEN_BACK_LINES: i64 = 1_000;

/// A line of a hold whose time has run out.
#[derive(Clone, Debug)]
pub struct OverdueLine {
    pub order_id: Uuid,
    pub sku: Sku,
    pub location: String,
}

/// All lines of overdue holds that hold units of these SKUs.
pub async fn overdue(tx: &mut Transaction, skus: &[&str]) -> Result<Vec<OverdueLine>, sqlx::Error> {
    sqlx::query_as!(
        OverdueLine,
        r#"SELECT line.order_id, line.sku AS "sku: _", line.location FROM (
               SELECT order_id FROM holds WHERE state = 'held' AND expires_at < now() AND EXISTS (
                   SELECT FROM hold_lines WHERE hold_lines.order_id = holds.order_id AND sku = ANY ($1)
               ) ORDER BY expires_at LIMIT $2
           ) hold JOIN hold_lines line ON line.order_id = hold.order_id"#,
        skus as _,
        TAKEN_BACK_LINES,
    )
    .fetch_all(&mut **tx)
    .await
}

/// All lines of the holds that are overdue longest, as many as one sweep may lock, past those of some orders.
pub async fn overdue_batch(pool: &Pool, but: &[Uuid]) -> Result<Vec<OverdueLine>, sqlx::Error> {
    let lines = sqlx::query_as!(
        OverdueLine,
        r#"SELECT line.order_id, line.sku AS "sku: _", line.location FROM (
               SELECT order_id, expires_at FROM holds
               WHERE state = 'held' AND expires_at < now() AND order_id <> ALL ($2)
               ORDER BY expires_at LIMIT $1
           ) hold JOIN hold_lines line ON line.order_id = hold.order_id ORDER BY hold.expires_at, line.order_id"#,
        i64::from(SWEPT_LINES),
        but,
    )
    .fetch_all(pool)
    .await?;
    Ok(whole_orders(&lines))
}

/// The first lines, up to the limit, without splitting an order; the first order is taken however long it is.
fn whole_orders(lines: &[OverdueLine]) -> Vec<OverdueLine> {
    let mut kept: Vec<OverdueLine> = Vec::new();
    for order in lines.chunk_by(|one, next| one.order_id == next.order_id) {
        if !kept.is_empty() && kept.len() + order.len() > usize::from(SWEPT_LINES) {
            break;
        }
        kept.extend_from_slice(order);
    }
    kept
}

/// Flips those of these holds that are still held and overdue, and gives their units back. Their stock is locked.
/// A hold that another transaction has locked is about to be extended.
pub async fn expire(tx: &mut Transaction, orders: &[Uuid]) -> Result<usize, StockError> {
    let flipped = sqlx::query_scalar!(
        "UPDATE holds SET state = 'expired', ended_at = now()
         WHERE order_id IN (
             SELECT order_id FROM holds WHERE order_id = ANY ($1) ORDER BY order_id FOR NO KEY UPDATE SKIP LOCKED
         ) AND state IS NOT DISTINCT FROM 'held' AND expires_at < now() RETURNING order_id",
        orders,
    )
    .fetch_all(&mut **tx)
    .await?;
    if !flipped.is_empty() {
        levels::give_back(tx, &flipped).await?;
        close_lines(tx, &flipped).await?;
    }
    Ok(flipped.len())
}
