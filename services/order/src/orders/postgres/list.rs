//! Reading orders: by id, and as lists, newest first. A statement for each set of filters that has its own index.

use db::Pool;
use uuid::Uuid;

use super::{
    count,
    row::{ItemRow, OrderRow, OrderRows, assemble},
};
use crate::{
    infrastructure::postgres::listed,
    orders::{
        model::{OrderFilter, Status},
        ports::OrderListing,
    },
    values::{Period, Window},
};

macro_rules! select_orders {
    ($from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            OrderRow,
            r#"
        SELECT id, number, user_id, status, payment_status, fulfillment_status, cancel_reason, version, currency,
               items_minor, shipping_minor, tax_minor, discount_minor, total_minor,
               shipping_address AS "shipping_address: _", note, pay_by AS "pay_by: _",
               cancel_requested_at AS "cancel_requested_at: _", created_at AS "created_at: _", updated_at AS "updated_at: _"
        FROM "# + $from,
            $($argument),+
        )
    };
}

pub(crate) async fn by_ids(pool: &Pool, ids: &[Uuid]) -> Result<Vec<OrderRows>, sqlx::Error> {
    let rows = select_orders!(
        r#"orders WHERE id = ANY ($1)
        "#,
        ids,
    )
    .fetch_all(pool)
    .await?;
    with_items(pool, rows).await
}

pub(crate) async fn list(
    pool: &Pool,
    filter: &OrderFilter,
    window: &Window,
) -> Result<OrderListing, sqlx::Error> {
    let customer = filter.customer.map(|customer| customer.0);
    let status = filter.status.map(Status::as_str);
    let Period { from, to } = filter.created;
    let (before, before_id, offset) = window.start.bounds();
    let (before_id, rows) = (before_id.map(|id| id.0), window.rows);
    macro_rules! newest {
        ($from:literal $(, $filter:expr)*) => {
            select_orders!($from, $($filter,)* from, to, before, before_id, rows, offset)
                .fetch_all(pool)
                .await?
        };
    }
    let rows = match (filter.vendor, customer, status) {
        // Sorted by id alone, which carries the time of the request: so the index of a vendor's lines leads to a page.
        (Some(vendor), _, _) => {
            select_orders!(
                r#"(
            SELECT DISTINCT order_id FROM order_items
            WHERE vendor_id = $1 AND order_id < COALESCE($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ) AS sold
        JOIN orders ON orders.id = sold.order_id
        WHERE ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR user_id = $3)
          AND created_at >= COALESCE($4::timestamptz, '-infinity') AND created_at < COALESCE($5::timestamptz, 'infinity')
        ORDER BY sold.order_id DESC
        LIMIT $7 OFFSET $8
        "#,
                vendor.0,
                status,
                customer,
                from,
                to,
                before_id,
                rows,
                offset,
            )
            .fetch_all(pool)
            .await?
        }
        (None, Some(customer), _) => newest!(
            r#"orders
        WHERE user_id = $1 AND ($2::text IS NULL OR status = $2)
          AND created_at >= COALESCE($3::timestamptz, '-infinity') AND created_at < COALESCE($4::timestamptz, 'infinity')
          AND (created_at, id) < (COALESCE($5::timestamptz, 'infinity'), COALESCE($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        ORDER BY created_at DESC, id DESC
        LIMIT $7 OFFSET $8
        "#,
            customer,
            status
        ),
        (None, None, Some(status)) => newest!(
            r#"orders
        WHERE status = $1
          AND created_at >= COALESCE($2::timestamptz, '-infinity') AND created_at < COALESCE($3::timestamptz, 'infinity')
          AND (created_at, id) < (COALESCE($4::timestamptz, 'infinity'), COALESCE($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        ORDER BY created_at DESC, id DESC
        LIMIT $6 OFFSET $7
        "#,
            status
        ),
        (None, None, None) => newest!(
            r#"orders
        WHERE created_at >= COALESCE($1::timestamptz, '-infinity') AND created_at < COALESCE($2::timestamptz, 'infinity')
          AND (created_at, id) < (COALESCE($3::timestamptz, 'infinity'), COALESCE($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        ORDER BY created_at DESC, id DESC
        LIMIT $5 OFFSET $6
        "#
        ),
    };
    let counted = match window.count_to {
        Some(most) => Some(count::count(pool, filter, most).await?),
        None => None,
    };
    let rows = with_items(pool, rows).await?;
    let position = |row: &OrderRows| {
        let time = match filter.vendor {
            // Where ids alone sort, any time will do.
            Some(_) => row.created_at().unwrap_or_default(),
            None => row.created_at()?,
        };
        Some((time, row.order_id()))
    };
    Ok(OrderListing {
        rows: listed(rows, position),
        counted,
    })
}

async fn with_items(pool: &Pool, rows: Vec<OrderRow>) -> Result<Vec<OrderRows>, sqlx::Error> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let items = sqlx::query_as!(
        ItemRow,
        r#"
        SELECT order_id, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor
        FROM order_items WHERE order_id = ANY ($1) ORDER BY order_id, position
        "#,
        &ids,
    )
    .fetch_all(pool)
    .await?;
    Ok(assemble(rows, items))
}
