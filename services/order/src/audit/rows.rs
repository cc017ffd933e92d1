//! What the audit reads of order's own database, chunk by chunk.

use std::{collections::HashMap, time::Duration};

use ::audit::{Finding, in_time};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Range,
    holds::{HeldOrder, Units},
};
use crate::orders::postgres::{OrderText, unreadable};

/// Something that does not add up, and the order that it is about.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) code: String,
    pub(super) order_id: Uuid,
    pub(super) message: String,
}

/// A [`Found`] with a formatted message.
macro_rules! found {
    ($code:expr, $order:expr, $($message:tt)+) => {
        $crate::audit::rows::Found {
            code: $code.to_owned(),
            order_id: $order,
            message: format!($($message)+),
        }
    };
}
pub(super) use found;

impl Found {
    /// The same thing has the same name when it is found again; its numbers may have moved.
    pub(super) fn name(&self) -> (String, Uuid) {
        (self.code.clone(), self.order_id)
    }
}

impl From<Found> for Finding {
    fn from(found: Found) -> Self {
        Self {
            code: found.code,
            message: found.message,
        }
    }
}

/// The next chunk of orders.
pub(super) async fn orders_after(
    connection: &mut PgConnection,
    after: Uuid,
    chunk: i64,
) -> Result<Range, sqlx::Error> {
    let query = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE id > $1 ORDER BY id OFFSET $2::bigint - 1 LIMIT 1",
        after,
        chunk,
    );
    let upto = in_time(query.fetch_optional(connection)).await?;
    Ok(Range::new(after, upto))
}

/// What seems wrong with the orders, their money and their events.
pub(super) async fn problems(
    connection: &mut PgConnection,
    range: Range,
    grace: Duration,
) -> Result<Vec<Found>, sqlx::Error> {
    let Range { after, upto } = range;
    let grace = grace.as_secs_f64();
    macro_rules! read {
        ($file:literal, $($argument:expr),+) => {
            in_time(sqlx::query_file_as!(Found, $file, $($argument),+).fetch_all(&mut *connection)).await?
        };
    }
    let mut found = read!("audit/orders.sql", after, upto, grace);
    found.extend(read!("audit/money.sql", after, upto, grace));
    found.extend(read!("audit/events.sql", after, upto));
    Ok(found)
}

/// The next chunk of the provider's payments.
pub(super) async fn payments_after(
    connection: &mut PgConnection,
    after: Uuid,
    chunk: i64,
) -> Result<Range, sqlx::Error> {
    let query = sqlx::query_file_scalar!("audit/provider_after.sql", after, chunk);
    let upto = in_time(query.fetch_optional(connection)).await?;
    Ok(Range::new(after, upto))
}

pub(super) async fn provider(
    connection: &mut PgConnection,
    range: Range,
) -> Result<impl Iterator<Item = Found> + use<>, sqlx::Error> {
    let query = sqlx::query_file!("audit/provider.sql", range.after, range.upto);
    let rows = in_time(query.fetch_all(connection)).await?;
    Ok(rows.into_iter().map(|row| Found {
        code: row.code,
        order_id: row.payment_id,
        message: row.message,
    }))
}

/// The orders as product's holds are compared with them, and those of them that no request can read.
pub(super) async fn readable(
    connection: &mut PgConnection,
    range: Range,
) -> Result<(Vec<HeldOrder>, Vec<Found>), sqlx::Error> {
    let rows = in_time(
        sqlx::query_as!(
            OrderText,
            r#"
            SELECT id, status, payment_status, fulfillment_status, cancel_reason, version, currency, items_minor,
                   shipping_address::text AS "shipping_address!",
                   isfinite(created_at) AND isfinite(updated_at) AND isfinite(COALESCE(pay_by, created_at))
                       AND isfinite(COALESCE(cancel_requested_at, created_at)) AS "has_times!",
                   EXISTS (SELECT FROM sagas WHERE sagas.order_id = orders.id AND finished_at IS NULL)
                       OR EXISTS (SELECT FROM fulfillments WHERE fulfillments.order_id = orders.id AND fulfillments.status = 'shipping')
                       OR EXISTS (SELECT FROM returns WHERE returns.order_id = orders.id AND returns.status = 'receiving')
                       AS "under_way!"
            FROM orders WHERE id > $1 AND id <= $2 ORDER BY id
            "#,
            range.after,
            range.upto,
        )
        .fetch_all(&mut *connection),
    )
    .await?;
    let mut units = units(connection, range).await?;
    let (mut orders, mut found) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let units = units.remove(&row.id).unwrap_or_default();
        let skus = units
            .iter()
            .map(|(sku, units)| (sku.as_str(), units.smallest, units.largest));
        if let Err(what) = unreadable(&row, skus) {
            found.push(found!(
                "order_unreadable",
                row.id,
                "order {}: {what} is invalid, so requests omit it; correct the row",
                row.id
            ));
        }
        orders.push(HeldOrder {
            id: row.id,
            status: row.status,
            fulfillment_status: row.fulfillment_status,
            under_way: row.under_way,
            items_minor: row.items_minor,
            units,
        });
    }
    Ok((orders, found))
}

async fn units(
    connection: &mut PgConnection,
    range: Range,
) -> Result<HashMap<Uuid, Vec<(String, Units)>>, sqlx::Error> {
    let query = sqlx::query!(
        r#"
        SELECT lines.order_id, lines.sku, sum(lines.quantity - lines.short) AS "owed!", sum(lines.shipped) AS "shipped!",
               COALESCE(sum(back.units), 0)::bigint AS "returned!", min(lines.quantity) AS "smallest!",
               max(lines.quantity) AS "largest!"
        FROM order_items AS lines LEFT JOIN (
            SELECT returns.order_id, return_lines.position, sum(return_lines.quantity) AS units
            FROM returns JOIN return_lines ON return_lines.return_id = returns.id
            WHERE returns.order_id > $1 AND returns.order_id <= $2 AND returns.status = 'received'
            GROUP BY returns.order_id, return_lines.position
        ) AS back USING (order_id, position)
        WHERE lines.order_id > $1 AND lines.order_id <= $2
        GROUP BY lines.order_id, lines.sku
        "#,
        range.after,
        range.upto,
    );
    let mut units: HashMap<Uuid, Vec<(String, Units)>> = HashMap::new();
    for row in in_time(query.fetch_all(connection)).await? {
        let of_sku = Units {
            owed: row.owed,
            shipped: row.shipped,
            returned: row.returned,
            smallest: row.smallest,
            largest: row.largest,
        };
        units
            .entry(row.order_id)
            .or_default()
            .push((row.sku, of_sku));
    }
    Ok(units)
}
