//! Holds by order, with the units of each SKU over all locations: what the audit of the order service compares with.

use db::Pool;
use uuid::Uuid;

/// Units of one SKU of one hold; a hold without lines has one row without a SKU.
#[derive(Clone, Debug)]
pub struct UnitsRow {
    pub order_id: Uuid,
    pub state: String,
    pub total_minor: i64,
    pub age_seconds: f64,
    pub sku: Option<String>,
    pub quantity: i64,
    pub shipped: i64,
    pub returned: i64,
    pub released: i64,
}

/// The first `limit` holds behind the order `after` and up to the order `upto`, in the order of their orders. Nothing
/// in a row is more than text and numbers, so that none of them fails the page.
pub async fn page(
    pool: &Pool,
    after: Uuid,
    upto: Uuid,
    limit: i64,
) -> Result<Vec<UnitsRow>, sqlx::Error> {
    sqlx::query_as!(
        UnitsRow,
        r#"
        WITH page AS MATERIALIZED (
            SELECT order_id, state, total_minor, created_at FROM holds
            WHERE order_id > $1 AND order_id <= $2 ORDER BY order_id LIMIT $3
        )
        SELECT page.order_id, page.state, page.total_minor,
               COALESCE(extract(epoch FROM now() - page.created_at), 0)::float8 AS "age_seconds!",
               units.sku AS "sku?", COALESCE(units.quantity, 0)::bigint AS "quantity!",
               COALESCE(units.shipped, 0)::bigint AS "shipped!", COALESCE(units.returned, 0)::bigint AS "returned!",
               COALESCE(units.released, 0)::bigint AS "released!"
        FROM page LEFT JOIN LATERAL (
            SELECT sku, sum(quantity) AS quantity, sum(shipped) AS shipped, sum(returned) AS returned,
                   sum(released) AS released
            FROM hold_lines WHERE hold_lines.order_id = page.order_id GROUP BY sku
        ) AS units ON true
        ORDER BY page.order_id, units.sku
        "#,
        after,
        upto,
        limit,
    )
    .fetch_all(pool)
    .await
}
