//! Stock as its vendor sees it: one SKU, the sum of its locations.

use db::{Pool, Transaction};
use sqlx::PgExecutor;
use web::list::{Paging, Total};

use crate::{
    catalog::products::model::{Owner, Sku},
    stock::{inventory::model::Inventory, locations::model::LocationCode},
};

macro_rules! inventories {
    ([$($rest:tt)+] $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Inventory,
            r#"SELECT p.sku AS "sku: _", p.id AS "product_id: _", p.vendor_id AS "vendor_id: _", p.name AS "name: _",
                   s.on_hand AS "on_hand!", s.held AS "held!", s.allocated AS "allocated!",
                   s.on_hand - s.held - s.allocated AS "available!", s.low_stock_threshold AS "low_stock_threshold!",
                   s.low AS "low_stock!", s.warehouse AS "warehouse!", s.locations AS "locations!: _"
               FROM products p
               CROSS JOIN LATERAL (
                   SELECT sum(on_hand)::bigint AS on_hand, sum(held)::bigint AS held, sum(allocated)::bigint AS allocated,
                       bool_or(low) AS low, max(low_stock_threshold) AS low_stock_threshold,
                       (array_agg(location ORDER BY priority, location))[1] AS warehouse,
                       jsonb_agg(jsonb_build_object('location', location, 'on_hand', on_hand, 'held', held,
                           'allocated', allocated, 'available', on_hand - held - allocated)
                           ORDER BY priority, location) AS locations
                   FROM stock WHERE stock.sku = p.sku HAVING count(*) > 0
               ) s "# + $($rest)+
            $(, $argument)*
        )
    };
}

/// A new row of stock.
pub async fn open(
    tx: &mut Transaction,
    sku: &Sku,
    location: &str,
    on_hand: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stock (sku, location, on_hand) VALUES ($1, $2, $3)",
        sku.as_str(),
        location,
        on_hand,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A row of stock for a SKU that was never in this place, as the place has it; nothing where there is no such place.
pub async fn open_at(
    tx: &mut Transaction,
    sku: &Sku,
    location: &LocationCode,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stock (sku, location, priority) SELECT $1, code, priority FROM locations WHERE code = $2
         ON CONFLICT DO NOTHING",
        sku.as_str(),
        location.as_str(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// None: the owner has no product with this SKU. By key alone (ORDERS 13).
pub async fn find(
    db: impl PgExecutor<'_>,
    sku: &Sku,
    owner: Owner,
) -> Result<Option<Inventory>, sqlx::Error> {
    inventories!(
        ["WHERE p.sku = $1 AND ($2::uuid IS NULL OR p.vendor_id = $2)
             AND COALESCE(p.deleted_at, 'infinity') = 'infinity'"],
        sku.as_str(),
        owner.vendor(),
    )
    .fetch_optional(db)
    .await
}

/// The rows of one page, by SKU.
pub async fn rows(
    pool: &Pool,
    owner: Owner,
    low_only: bool,
    paging: &Paging<String>,
) -> Result<Vec<Inventory>, sqlx::Error> {
    let after = paging.after().map_or("", String::as_str);
    macro_rules! ask {
        ($low:tt) => {
            inventories!(
                [
                    "WHERE p.deleted_at IS NULL AND ($4::uuid IS NULL OR p.vendor_id = $4) AND p.sku > $1 "
                        + $low
                        + " ORDER BY p.sku LIMIT $2 OFFSET $3"
                ],
                after,
                paging.fetch(),
                paging.offset(),
                owner.vendor(),
            )
            .fetch_all(pool)
            .await
        };
    }
    if low_only {
        ask!("AND p.sku IN (SELECT sku FROM stock WHERE low AND sku > $1)")
    } else {
        ask!("")
    }
}

pub async fn total(pool: &Pool, owner: Owner, low_only: bool) -> Result<i64, sqlx::Error> {
    macro_rules! count {
        ($low:tt) => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "count!" FROM (
                       SELECT FROM products p
                       WHERE p.deleted_at IS NULL AND ($1::uuid IS NULL OR p.vendor_id = $1)
                         AND p.sku IN (SELECT sku FROM stock"#
                    + $low
                    + ") LIMIT $2) counted",
                owner.vendor(),
                Total::COUNT_TO,
            )
            .fetch_one(pool)
            .await
        };
    }
    if low_only {
        count!(" WHERE low")
    } else {
        count!("")
    }
}

/// Writes what a vendor sets of a row that this transaction has locked.
pub async fn set(
    tx: &mut Transaction,
    sku: &Sku,
    location: &str,
    on_hand: i64,
    low_stock_threshold: Option<i64>,
) -> Result<(), sqlx::Error> {
    let set = sqlx::query!(
        "UPDATE stock SET on_hand = $3, low_stock_threshold = COALESCE($4, low_stock_threshold)
         WHERE sku = $1 AND location = $2",
        sku.as_str(),
        location,
        on_hand,
        low_stock_threshold,
    )
    .execute(&mut **tx)
    .await?;
    if set.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}
