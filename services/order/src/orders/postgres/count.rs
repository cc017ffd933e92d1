//! Counting the orders of a list, up to a limit, so that a count never reads a whole table.
//! A statement for each set of filters that has its own index, as in `list`.

use db::Pool;

use crate::{
    orders::model::{OrderFilter, Status},
    values::Period,
};

pub(super) async fn count(
    pool: &Pool,
    filter: &OrderFilter,
    most: i64,
) -> Result<i64, sqlx::Error> {
    let customer = filter.customer.map(|customer| customer.0);
    let status = filter.status.map(Status::as_str);
    let Period { from, to } = filter.created;
    macro_rules! counted {
        ($from:literal $(, $filter:expr)*) => {
            sqlx::query_scalar!(
                r#"
                SELECT count(*) AS "count!" FROM (
                    SELECT FROM "# + $from,
                $($filter,)*
                from,
                to,
                most,
            )
            .fetch_one(pool)
            .await
        };
    }
    match (filter.vendor, customer, status) {
        (Some(vendor), _, _) => counted!(
            r#"(SELECT DISTINCT order_id FROM order_items WHERE vendor_id = $1) AS sold
                    JOIN orders ON orders.id = sold.order_id
                    WHERE ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR user_id = $3)
                      AND created_at >= COALESCE($4::timestamptz, '-infinity')
                      AND created_at < COALESCE($5::timestamptz, 'infinity')
                    LIMIT $6
                ) AS counted
                "#,
            vendor.0,
            status,
            customer
        ),
        (None, Some(customer), _) => counted!(
            r#"orders
                    WHERE user_id = $1 AND ($2::text IS NULL OR status = $2)
                      AND created_at >= COALESCE($3::timestamptz, '-infinity')
                      AND created_at < COALESCE($4::timestamptz, 'infinity')
                    LIMIT $5
                ) AS counted
                "#,
            customer,
            status
        ),
        (None, None, Some(status)) => counted!(
            r#"orders
                    WHERE status = $1
                      AND created_at >= COALESCE($2::timestamptz, '-infinity')
                      AND created_at < COALESCE($3::timestamptz, 'infinity')
                    LIMIT $4
                ) AS counted
                "#,
            status
        ),
        (None, None, None) => counted!(
            r#"orders
                    WHERE created_at >= COALESCE($1::timestamptz, '-infinity')
                      AND created_at < COALESCE($2::timestamptz, 'infinity')
                    LIMIT $3
                ) AS counted
                "#
        ),
    }
}
