//! The audit across both databases: the stock of a SKU compared with its orders (ORDERS 25).

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::sql::Database;

/// The units of one SKU in product's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Stock {
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
    /// The sum of all movements.
    pub moved: i64,
    pub shipped: i64,
    /// The units in open holds, and in committed ones.
    pub waiting: i64,
    pub committed: i64,
}

/// The units of one SKU in order's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Sold {
    /// The orders that are not cancelled, and their units.
    pub orders: i64,
    pub units: i64,
    /// The units of the confirmed orders.
    pub confirmed: i64,
    pub unfinished_sagas: i64,
}

/// The units of one SKU in both databases, at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    pub stock: Stock,
    pub sold: Sold,
}

impl Units {
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

    /// Whether every unit is accounted for: no unit is lost or sold twice.
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
            "held + allocated are not the units of orders that are not cancelled: {self:?}"
        );
        ensure!(
            stock.held == stock.waiting,
            "held is not the sum of the open holds: {self:?}"
        );
        ensure!(
            stock.allocated == stock.committed - stock.shipped,
            "allocated is not the sum of the committed holds: {self:?}"
        );
        Ok(())
    }

    /// Whether, beyond that, no change is in progress: every order that is not cancelled is confirmed, and every hold has ended.
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
