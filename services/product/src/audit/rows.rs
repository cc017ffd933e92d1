//! What the audit of stock reads, chunk by chunk.

use std::time::Duration;

use ::audit::{Finding, in_time};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Checked;

/// The SKU with which a chunk behind `after` ends; None: fewer are left.
pub async fn sku_after(
    connection: &mut PgConnection,
    after: &str,
    chunk: i64,
) -> Result<Option<String>, sqlx::Error> {
    let query = sqlx::query_scalar!(
        "SELECT sku FROM (SELECT DISTINCT sku FROM stock WHERE sku > $1 ORDER BY sku LIMIT $2::bigint) chunk
             ORDER BY sku OFFSET $2::bigint - 1",
        after,
        chunk,
    );
    in_time(query.fetch_optional(connection)).await
}

pub async fn skus(
    connection: &mut PgConnection,
    after: &str,
    upto: Option<&str>,
) -> Result<Vec<Finding>, sqlx::Error> {
    let query = sqlx::query_file_as!(Finding, "audit/skus.sql", after, upto);
    in_time(query.fetch_all(connection)).await
}

/// The order with which a chunk behind `after` ends; None: fewer are left.
pub async fn order_after(
    connection: &mut PgConnection,
    after: Uuid,
    chunk: i64,
) -> Result<Option<Uuid>, sqlx::Error> {
    let query = sqlx::query_scalar!(
        "SELECT order_id FROM holds WHERE order_id > $1 ORDER BY order_id OFFSET $2::bigint - 1 LIMIT 1",
        after,
        chunk,
    );
    in_time(query.fetch_optional(connection)).await
}

pub async fn orders(
    connection: &mut PgConnection,
    after: Uuid,
    upto: Option<Uuid>,
) -> Result<Vec<Finding>, sqlx::Error> {
    let query = sqlx::query_file_as!(Finding, "audit/orders.sql", after, upto as _);
    in_time(query.fetch_all(connection)).await
}

pub async fn shortfalls(
    connection: &mut PgConnection,
    grace: Duration,
) -> Result<Vec<Finding>, sqlx::Error> {
    let query = sqlx::query_file_as!(Finding, "audit/shortfalls.sql", grace.as_secs_f64());
    in_time(query.fetch_all(connection)).await
}

pub async fn checked(connection: &mut PgConnection) -> Result<Checked, sqlx::Error> {
    let query = sqlx::query_as!(
        Checked,
        r#"SELECT (SELECT count(*) FROM stock) AS "stock_levels!", (SELECT count(*) FROM holds) AS "holds!",
                   (SELECT count(*) FROM hold_lines) AS "lines!", (SELECT count(*) FROM movements) AS "movements!""#
    );
    in_time(query.fetch_one(connection)).await
}
