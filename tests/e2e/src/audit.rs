//! The audit across both databases: what stock says of a product against what its orders say (ORDERS 25).

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::sql::Database;

/// What product's database says of one SKU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Stock {
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
    /// The sum of all movements.
    pub moved: i64,
    pub shipped: i64,
    /// Units in holds that wait, and in those that are committed.
    pub waiting: i64,
    pub committed: i64,
}

/// What order's database says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Sold {
    /// Orders that are not cancelled, and their units.
    pub orders: i64,
    pub units: i64,
    /// The units of those that are confirmed.
    pub confirmed: i64,
    pub unfinished_sagas: i64,
}

/// Both, at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    pub stock: Stock,
    pub sold: Sold,
}

impl Books {
    pub async fn of(database: &Database, sku: &str) -> Result<Self> {
        let stock = format!(
            "SELECT on_hand, held, allocated, \
             (SELECT coalesce(sum(delta), 0) FROM movements WHERE sku = s.sku) AS moved, \
             (SELECT coalesce(-sum(delta), 0) FROM movements WHERE sku = s.sku AND kind = 'shipped') AS shipped, \
             (SELECT coalesce(sum(quantity), 0) FROM hold_lines JOIN holds USING (order_id) \
              WHERE sku = s.sku AND state = 'held') AS waiting, \
             (SELECT coalesce(sum(quantity), 0) FROM hold_lines JOIN holds USING (order_id) \
              WHERE sku = s.sku AND state = 'committed') AS committed \
             FROM stock s WHERE sku = '{sku}'"
        );
        let sold = format!(
            "SELECT count(DISTINCT o.id) AS orders, coalesce(sum(i.quantity), 0) AS units, \
             coalesce(sum(i.quantity) FILTER (WHERE o.status = 'confirmed'), 0) AS confirmed, \
             count(*) FILTER (WHERE g.finished_at IS NULL) AS unfinished_sagas \
             FROM order_items i JOIN orders o ON o.id = i.order_id JOIN sagas g ON g.order_id = o.id \
             WHERE i.sku = '{sku}' AND o.status <> 'cancelled'"
        );
        let stock = database
            .rows("product", &stock)
            .await?
            .pop()
            .context("no stock of that SKU")?;
        let sold = database
            .rows("order", &sold)
            .await?
            .pop()
            .context("no count of orders")?;
        Ok(Self {
            stock: serde_json::from_value(stock)?,
            sold: serde_json::from_value(sold)?,
        })
    }

    /// Whether every unit is accounted for: nothing lost, nothing sold twice.
    pub fn balance(&self, initial: i64) -> Result<()> {
        let Self { stock, sold } = *self;
        ensure!(
            stock.on_hand == initial - stock.shipped,
            "on_hand is not initial − shipped: {self:?}"
        );
        ensure!(
            stock.on_hand == stock.moved,
            "on_hand is not the sum of its movements: {self:?}"
        );
        ensure!(
            stock.held + stock.allocated == sold.units,
            "held + allocated are not the units of live orders: {self:?}"
        );
        ensure!(
            stock.held == stock.waiting,
            "held is not what the holds hold: {self:?}"
        );
        ensure!(
            stock.allocated == stock.committed - stock.shipped,
            "allocated is not what was committed: {self:?}"
        );
        Ok(())
    }

    /// Whether, beyond that, nothing is under way any more: every live order is confirmed and every hold has ended.
    pub fn at_rest(&self) -> Result<()> {
        let Self { stock, sold } = *self;
        ensure!(stock.held == 0, "units are still held: {self:?}");
        ensure!(
            sold.confirmed == sold.units,
            "orders are still pending: {self:?}"
        );
        ensure!(sold.unfinished_sagas == 0, "sagas are unfinished: {self:?}");
        Ok(())
    }
}
