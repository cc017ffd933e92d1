//! Counting the orders of a list, up to a limit, so that a count never reads a whole table.
//! A statement for each set of filters that has its own index, as in `list`.

use db::Pool;

use crate::orders::model::{OrderFilter, Status};

pub(super) async fn count(
    pool: &Pool,
    filter: &OrderFilter,
    most: i64,
) -> Result<i64, sqlx::Error> {
    let status = filter.status.map(Status::as_str);
    match (filter.vendor, filter.customer, status) {
        (Some(vendor), customer, status) => {
            sqlx::query_scalar!(
                r#"
                SELECT count(*) AS "count!" FROM (
                    SELECT FROM (SELECT DISTINCT order_id FROM order_items WHERE vendor_id = $1) AS sold
                    JOIN orders ON orders.id = sold.order_id
                    WHERE ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR user_id = $3)
                      AND created_at >= COALESCE($4::timestamptz, '-infinity')
                      AND created_at < COALESCE($5::timestamptz, 'infinity')
                    LIMIT $6
                ) AS counted
                "#,
                vendor.0,
                status,
                customer.map(|customer| customer.0),
                filter.created.from,
                filter.created.to,
                most,
            )
            .fetch_one(pool)
            .await
        }
        (None, Some(customer), _) => {
            sqlx::query_scalar!(
                r#"
                SELECT count(*) AS "count!" FROM (
                    SELECT FROM orders
                    WHERE user_id = $1 AND ($2::text IS NULL OR status = $2)
                      AND created_at >= COALESCE($3::timestamptz, '-infinity')
                      AND created_at < COALESCE($4::timestamptz, 'infinity')
                    LIMIT $5
                ) AS counted
                "#,
                customer.0,
                status,
                filter.created.from,
                filter.created.to,
                most,
            )
            .fetch_one(pool)
            .await
        }
        (None, None, Some(status)) => {
            sqlx::query_scalar!(
                r#"
                SELECT count(*) AS "count!" FROM (
                    SELECT FROM orders
                    WHERE status = $1
                      AND created_at >= COALESCE($2::timestamptz, '-infinity')
                      AND created_at < COALESCE($3::timestamptz, 'infinity')
                    LIMIT $4
                ) AS counted
                "#,
                status,
                filter.created.from,
                filter.created.to,
                most,
            )
            .fetch_one(pool)
            .await
        }
        (None, None, None) => {
            sqlx::query_scalar!(
                r#"
                SELECT count(*) AS "count!" FROM (
                    SELECT FROM orders
                    WHERE created_at >= COALESCE($1::timestamptz, '-infinity')
                      AND created_at < COALESCE($2::timestamptz, 'infinity')
                    LIMIT $3
                ) AS counted
                "#,
                filter.created.from,
                filter.created.to,
                most,
            )
            .fetch_one(pool)
            .await
        }
    }
}
