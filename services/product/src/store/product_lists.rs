//! Lists of products. A query for each sort and each kind of question, so that every one has its index
//! whatever the planner makes of the parameters.

use sqlx::PgPool;
use web::list::{Paging, Total};

use super::select_products;
use crate::catalogue::{Filter, Position, Product, Sort, Viewer};

#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("the cursor belongs to another sort")]
    Cursor,
    #[error("the list cannot be read")]
    Database(#[from] sqlx::Error),
}

/// The rows of one page, of what `viewer` may see.
pub async fn rows(
    pool: &PgPool,
    viewer: Viewer,
    filter: &Filter,
    sort: Sort,
    paging: &Paging<Position>,
) -> Result<Vec<Product>, ListError> {
    let position = paging.after().cloned().unwrap_or_else(|| sort.start());
    let patterns = filter.patterns();
    let longest = patterns.first();

    // $1 sees all, $2 own vendor, $3 vendor, $4 longest pattern, $5 all patterns, $6 status, $7 and $8 prices,
    // $9 in stock, $10 and $11 position, $12 limit, $13 offset
    macro_rules! ask {
        ($question:tt, $behind:tt, $key:expr, $id:expr) => {
            select_products!(
                [
                    "WHERE p.deleted_at IS NULL AND (p.status = 'active' OR $1 OR p.vendor_id = $2)
                         AND ($6::text IS NULL OR p.status = $6)
                         AND ($7::bigint IS NULL OR p.price_minor >= $7)
                         AND ($8::bigint IS NULL OR p.price_minor <= $8)
                         AND ($9::boolean IS NULL OR (s.on_hand - s.held - s.allocated > 0) = $9) " + $question
                        + $behind
                        + " LIMIT $12 OFFSET $13"
                ],
                viewer.sees_all(),
                viewer.vendor(),
                filter.vendor,
                longest,
                &patterns,
                filter.status as _,
                filter.min_price,
                filter.max_price,
                filter.in_stock,
                $key,
                $id,
                paging.fetch(),
                paging.offset(),
            )
            .fetch_all(pool)
            .await?
        };
    }
    macro_rules! ask_sorted {
        ($question:tt) => {
            match (sort, &position) {
                (Sort::Newest, Position::Age(at, id)) => {
                    ask!($question, " AND (p.created_at, p.id) < ($10, $11) ORDER BY p.created_at DESC, p.id DESC", at, id)
                }
                (Sort::Oldest, Position::Age(at, id)) => {
                    ask!($question, " AND (p.created_at, p.id) > ($10, $11) ORDER BY p.created_at, p.id", at, id)
                }
                (Sort::Cheapest, Position::Price(price, id)) => {
                    ask!($question, " AND (p.price_minor, p.id) > ($10, $11) ORDER BY p.price_minor, p.id", price, id)
                }
                (Sort::Dearest, Position::Price(price, id)) => {
                    ask!($question, " AND (p.price_minor, p.id) < ($10, $11) ORDER BY p.price_minor DESC, p.id DESC", price, id)
                }
                (Sort::Name, Position::Name(name, id)) => {
                    ask!($question, " AND (p.name, p.id) > ($10, $11) ORDER BY p.name, p.id", name, id)
                }
                (Sort::Newest | Sort::Oldest, Position::Price(..) | Position::Name(..))
                | (Sort::Cheapest | Sort::Dearest, Position::Age(..) | Position::Name(..))
                | (Sort::Name, Position::Age(..) | Position::Price(..)) => return Err(ListError::Cursor),
            }
        };
    }
    let rows = if longest.is_some() {
        ask_sorted!(
            "AND ($3::uuid IS NULL OR p.vendor_id = $3) AND p.search_text ILIKE $4 AND p.search_text ILIKE ALL ($5)"
        )
    } else if filter.vendor.is_some() {
        ask_sorted!("AND p.vendor_id = $3 AND $4::text IS NULL AND $5::text[] IS NOT NULL")
    } else {
        ask_sorted!("AND $3::uuid IS NULL AND $4::text IS NULL AND $5::text[] IS NOT NULL")
    };
    Ok(rows)
}

/// How many rows all pages have.
pub async fn total(pool: &PgPool, viewer: Viewer, filter: &Filter) -> Result<Total, sqlx::Error> {
    let patterns = filter.patterns();
    let counted = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT FROM products p
               WHERE p.deleted_at IS NULL AND (p.status = 'active' OR $1 OR p.vendor_id = $2)
                 AND ($3::uuid IS NULL OR p.vendor_id = $3) AND p.search_text ILIKE ALL ($4)
                 AND ($5::text IS NULL OR p.status = $5)
                 AND ($6::bigint IS NULL OR p.price_minor >= $6) AND ($7::bigint IS NULL OR p.price_minor <= $7)
                 AND ($8::boolean IS NULL OR $8 = EXISTS (
                     SELECT FROM stock WHERE stock.sku = p.sku AND on_hand - held - allocated > 0
                 ))
               LIMIT $9
           ) counted"#,
        viewer.sees_all(),
        viewer.vendor(),
        filter.vendor,
        &patterns,
        filter.status as _,
        filter.min_price,
        filter.max_price,
        filter.in_stock,
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await?;
    Ok(Total::counted(counted))
}
