//! Counting the orders of a list, up to a limit, so that a count never reads a whole table.
//! A statement for each set of filters that has its own index, as in `list`.

use sqlx::PgPool;

use crate::domain::{OrderFilter, Status};

pub(super) async fn count(
    pool: &PgPool,
    filter: &OrderFilter,
    most: i64,
) -> Result<i64, sqlx::Error> {
    let status = filter.status.map(Status::as_str);
    match (filter.customer, status) {
        (Some(customer), _) => {
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
                filter.from,
                filter.to,
                most,
            )
            .fetch_one(pool)
            .await
        }
        (None, Some(status)) => {
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
                filter.from,
                filter.to,
                most,
            )
            .fetch_one(pool)
            .await
        }
        (None, None) => {
            sqlx::query_scalar!(
                r#"
                SELECT count(*) AS "count!" FROM (
                    SELECT FROM orders
                    WHERE created_at >= COALESCE($1::timestamptz, '-infinity')
                      AND created_at < COALESCE($2::timestamptz, 'infinity')
                    LIMIT $3
                ) AS counted
                "#,
                filter.from,
                filter.to,
                most,
            )
            .fetch_one(pool)
            .await
        }
    }
}
