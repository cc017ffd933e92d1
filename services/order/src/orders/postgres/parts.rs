//! Orders with their fulfillments or returns: read, and written step by step under the order's version (ORDERS 22); and
//! what the rows of both have in common, their lines, and the units of the order that these count in.

use std::collections::HashMap;

use db::{
    Pool, Transaction,
    readable::{Row, Unreadable},
};
use uuid::Uuid;

use super::{
    events::{self, EventRow},
    list::by_ids,
};
use crate::{
    infrastructure::postgres::{PgOrders, failure::StoreError, tried, typed},
    orders::{
        model::{LineUnits, Order, OrderPart, OrderWith, PartLine},
        ports::{OrdersError, OrdersWith, Saved},
    },
    values::OrderId,
};

/// The row of a part, by its id.
pub(crate) type PartRow<P> = (<P as OrderPart>::Id, <P as PartRows>::Row);

/// Rows of the parts of one kind.
pub(crate) trait PartRows: OrderPart + Send + Sync + Sized + 'static {
    type Row: Row<Read = Self>;

    /// Those of an order, oldest first.
    fn of_order(
        pool: &Pool,
        order: &Order,
    ) -> impl Future<Output = Result<Vec<PartRow<Self>>, sqlx::Error>> + Send;

    fn order_of(
        pool: &Pool,
        id: Self::Id,
    ) -> impl Future<Output = Result<Option<Uuid>, sqlx::Error>> + Send;

    /// The order's version is written, and the order locked by that.
    fn write(
        transaction: &mut Transaction,
        order: OrderId,
        change: &Self::Change,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// How far the units of each line of an order are.
async fn units(pool: &Pool, order: OrderId) -> Result<Vec<LineUnits>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT allotted, shipped, delivered, returned, short FROM order_items WHERE order_id = $1 ORDER BY position
        "#,
        order.0,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LineUnits {
                allotted: typed("units", row.allotted)?,
                shipped: typed("units", row.shipped)?,
                delivered: typed("units", row.delivered)?,
                returned: typed("units", row.returned)?,
                short: typed("units", row.short)?,
            })
        })
        .collect()
}

impl<P: PartRows> OrdersWith<P> for PgOrders {
    async fn find_with(&self, order: OrderId) -> Result<Option<OrderWith<P>>, OrdersError> {
        // What is read after the order may be newer than its version: then the write finds another version.
        let Some(found) = by_ids(&self.readers, &[order.0]).await?.pop() else {
            return Ok(None);
        };
        let found = found.read()?;
        let units = units(&self.readers, order).await?;
        let rows = P::of_order(&self.readers, &found).await?.into_iter();
        let parts = rows.map(|(id, row)| (id, tried(row)));
        Ok(Some(OrderWith::stored(found, units, parts)))
    }

    async fn order_of(&self, part: P::Id) -> Result<Option<OrderId>, OrdersError> {
        Ok(P::order_of(&self.readers, part).await?.map(OrderId))
    }

    async fn save_with(&self, changed: &OrderWith<P>) -> Result<Saved, OrdersError> {
        let mut transaction = self.intents.begin().await?;
        let saved = write(&mut transaction, changed).await?;
        if saved == Saved::Written {
            transaction.commit().await?;
        }
        Ok(saved)
    }
}

/// Writes the new versions of an order with the change of a part, unless the order has another version than was read.
pub(crate) async fn write<P: PartRows>(
    transaction: &mut Transaction,
    changed: &OrderWith<P>,
) -> Result<Saved, StoreError> {
    let (id, mut read_version) = (changed.order().id, changed.read_version());
    for (state, event) in changed.versions() {
        // It locks the order until the transaction ends.
        let done = sqlx::query!(
            r#"
        UPDATE orders
        SET status = $3, fulfillment_status = $4, version = $5, updated_at = now()
        WHERE id = $1 AND version = $2
        "#,
            id.0,
            read_version,
            state.status.as_str(),
            state.fulfillment.as_str(),
            state.version,
        )
        .execute(&mut **transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Saved::Changed);
        }
        events::write(transaction, &[EventRow::new(id, state, event.clone())]).await?;
        read_version = state.version;
    }
    if let Some(change) = changed.change() {
        P::write(transaction, id, change).await?;
    }
    Ok(Saved::Written)
}

/// Lines by the part that they belong to; a part with one that cannot be read has none.
#[derive(Default)]
pub(crate) struct Lines(HashMap<Uuid, Result<Vec<PartLine>, Unreadable>>);

impl Lines {
    pub(crate) fn add(&mut self, part: Uuid, position: i16, sku: String, units: i32) {
        let lines = self.0.entry(part).or_insert_with(|| Ok(Vec::new()));
        if let Ok(read) = lines {
            match part_line(position, sku, units) {
                Ok(line) => read.push(line),
                Err(error) => *lines = Err(error),
            }
        }
    }

    pub(crate) fn take(&mut self, part: Uuid) -> Result<Vec<PartLine>, Unreadable> {
        self.0.remove(&part).unwrap_or_else(|| Ok(Vec::new()))
    }
}

fn part_line(position: i16, sku: String, units: i32) -> Result<PartLine, Unreadable> {
    Ok(PartLine {
        position: typed("position", position)?,
        sku: typed("sku", sku)?,
        quantity: typed("quantity", units)?,
    })
}

/// `insert_lines` and `lines_of` for a table of lines. `$of`: the column with the id of what they belong to.
macro_rules! line_rows {
    ($lines:literal, $of:literal) => {
        pub(super) async fn insert_lines(
            transaction: &mut ::db::Transaction,
            id: uuid::Uuid,
            lines: &[$crate::orders::model::PartLine],
        ) -> Result<(), StoreError> {
            use $crate::infrastructure::postgres::{column, typed};

            let positions = lines.iter().map(|line| typed("position", line.position));
            let positions: Vec<i16> = positions.collect::<Result<_, ::db::readable::Unreadable>>()?;
            let skus = column(lines, |line| line.sku.as_str());
            let quantities = column(lines, |line| i64::from(line.quantity.get()));
            sqlx::query!(
                "INSERT INTO " + $lines + " (" + $of + ", position, sku, quantity)"
                    + " SELECT $1, position, sku, quantity::integer"
                    + " FROM unnest($2::smallint[], $3::text[], $4::bigint[]) AS new (position, sku, quantity)"
                    + " ORDER BY position",
                id,
                &positions,
                &skus as &[&str],
                &quantities,
            )
            .execute(&mut **transaction)
            .await?;
            Ok(())
        }

        pub(super) async fn lines_of(
            pool: &::db::Pool,
            ids: &[uuid::Uuid],
        ) -> Result<$crate::orders::postgres::parts::Lines, sqlx::Error> {
            let mut lines_of = $crate::orders::postgres::parts::Lines::default();
            if ids.is_empty() {
                return Ok(lines_of);
            }
            let rows = sqlx::query!(
                "SELECT " + $of + " AS of, position, sku, quantity FROM " + $lines
                    + " WHERE " + $of + " = ANY ($1) ORDER BY " + $of + ", position",
                ids,
            )
            .fetch_all(pool)
            .await?;
            for row in rows {
                lines_of.add(row.of, row.position, row.sku, row.quantity);
            }
            Ok(lines_of)
        }
    };
}

/// Counts units in or out of an order; how many lines that changes. `$set` says how, `lines.quantity` being those of the
/// part with this id.
macro_rules! count_units {
    ($set:literal, $lines:literal, $of:literal, $transaction:expr, $id:expr, $order:expr) => {
        sqlx::query!(
            "UPDATE order_items SET "
                + $set
                + " FROM "
                + $lines
                + " AS lines WHERE lines."
                + $of
                + " = $1 AND order_items.order_id = $2 AND order_items.position = lines.position",
            $id.0,
            $order.0,
        )
        .execute(&mut **$transaction)
        .await?
        .rows_affected()
    };
}
pub(crate) use {count_units, line_rows};
