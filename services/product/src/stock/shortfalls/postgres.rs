//! Units that orders have and a stock level does not have, and what the order service reads about them.

use clock::Ids;
use db::{
    Pool, Transaction,
    readable::{Attempt, Time, readable_ones, row},
};
use uuid::Uuid;

use crate::{
    catalog::products::model::Sku,
    infrastructure::postgres::failure::StockError,
    stock::{
        postgres::levels::{self, Shift},
        shortfalls::model::Shortfall,
    },
};

/// Units that an order has of one stock level.
#[derive(Clone, Debug)]
pub struct Having {
    pub order_id: Uuid,
    pub units: i64,
}

/// How many more units orders have than `on_hand`, on a locked stock level.
pub async fn lack(
    tx: &mut Transaction,
    sku: &Sku,
    location: &str,
    on_hand: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT GREATEST(held + allocated - $3, 0) AS "lack!" FROM stock WHERE sku = $1 AND location = $2"#,
        sku.as_str(),
        location,
        on_hand,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Which lines to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Those that are not over: few, however much of the SKU was ever sold.
    Open,
    /// All of the SKU, for what the release before took again and did not open.
    All,
}

/// What orders have of a stock level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    Held,
    Allocated,
}

/// Which orders have units of it, the newest first; at least so many units, if there are.
pub async fn having(
    tx: &mut Transaction,
    (sku, location): (&Sku, &str),
    least: i64,
    units: Units,
    lines: Lines,
) -> Result<Vec<Having>, sqlx::Error> {
    macro_rules! ask {
        ($units:tt, $state:tt) => {
            sqlx::query_as!(
                Having,
                "SELECT order_id, "
                    + $units
                    + r#" AS "units!" FROM hold_lines JOIN holds USING (order_id)
             WHERE "#
                    + $state
                    + " AND hashtext(sku) = hashtext($1) AND sku = $1 AND location = $2
             ORDER BY order_id DESC LIMIT $3",
                sku.as_str(),
                location,
                least,
            )
            .fetch_all(&mut **tx)
            .await
        };
    }
    match (units, lines) {
        (Units::Held, Lines::Open) => ask!("quantity", "is_open AND state = 'held'"),
        (Units::Held, Lines::All) => ask!("quantity", "state = 'held'"),
        (Units::Allocated, Lines::Open) => ask!(
            "quantity - shipped - released",
            "is_open AND state = 'committed' AND shipped + released < quantity"
        ),
        (Units::Allocated, Lines::All) => ask!(
            "quantity - shipped - released",
            "state = 'committed' AND shipped + released < quantity"
        ),
    }
}

/// Takes the units off the lines and the stock level, and records this for the order service.
pub async fn write(
    tx: &mut Transaction,
    ids: Ids,
    sku: &Sku,
    location: &str,
    short: &[Having],
) -> Result<(), StockError> {
    let new_ids: Vec<Uuid> = short.iter().map(|_| ids.uuid()).collect();
    let orders: Vec<Uuid> = short.iter().map(|having| having.order_id).collect();
    let units: Vec<i64> = short.iter().map(|having| having.units).collect();
    let changed = sqlx::query!(
        "UPDATE hold_lines line SET released = released + short.units,
             is_open = is_open AND shipped + released + short.units < quantity
         FROM unnest($1::uuid[], $2::bigint[]) AS short (order_id, units)
         WHERE line.order_id = short.order_id AND sku = $3 AND location = $4",
        &orders,
        &units,
        sku.as_str(),
        location,
    )
    .execute(&mut **tx)
    .await?;
    levels::counted(
        short.len().try_into().unwrap_or(i64::MAX),
        changed.rows_affected().cast_signed(),
    )?;
    let total = units.iter().sum();
    levels::shift(
        tx,
        Shift::FALL_SHORT,
        &[sku.as_str()],
        &[location],
        &[total],
    )
    .await?;
    sqlx::query!(
        "INSERT INTO shortfalls (id, order_id, sku, location, quantity)
         SELECT id, order_id, $4, $5, units
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS short (id, order_id, units) ORDER BY id",
        &new_ids,
        &orders,
        &units,
        sku.as_str(),
        location,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

row!(
    ShortfallRow, "shortfall", id => Shortfall
    { id: Uuid, order_id: Uuid, sku: Sku, quantity: i64 }
    { created_at: Attempt<Time> }
);

/// Shortfalls that the order service has not settled, the oldest first, after the shortfall `after`; and the id after which
/// the next call continues, if there are more.
pub async fn open(
    pool: &Pool,
    after: Option<Uuid>,
    most: usize,
) -> Result<(Vec<Shortfall>, Option<Uuid>), sqlx::Error> {
    let mut rows = sqlx::query_as!(
        ShortfallRow,
        r#"SELECT id, order_id, sku AS "sku: _", quantity, created_at AS "created_at: _"
           FROM shortfalls WHERE settled_at IS NULL AND ($1::uuid IS NULL
               OR (created_at, id) > (SELECT created_at, id FROM shortfalls WHERE id = $1))
           ORDER BY created_at, id LIMIT $2"#,
        after,
        i64::try_from(most).map_or(i64::MAX, |most| most.saturating_add(1)),
    )
    .fetch_all(pool)
    .await?;
    let more = rows.len() > most;
    rows.truncate(most);
    let last = rows.last().map(|row| row.id);
    Ok((readable_ones(rows), last.filter(|_| more)))
}

/// Marks these as settled. Returns how many were not before. By key alone (ORDERS 13).
pub async fn settle(pool: &Pool, ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    let settled = sqlx::query!(
        "UPDATE shortfalls SET settled_at = now() WHERE id IN (
             SELECT id FROM shortfalls WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
         ) AND COALESCE(settled_at, 'infinity') = 'infinity'",
        ids,
    )
    .execute(pool)
    .await?;
    Ok(settled.rows_affected())
}
