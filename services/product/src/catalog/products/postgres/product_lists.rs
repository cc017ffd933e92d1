//! Lists of products. Every parameter may be empty. The sessions of lists plan each statement with its values
//! (`pools::LIST_SETTINGS`), so that what is empty falls away and every sort and filter finds its index.

use db::Pool;
use web::list::{Paging, Total};

use super::{product_row::ProductRow, select_products};
use crate::{
    catalog::products::model::{Filter, Position, Sort, Viewer},
    infrastructure::postgres::failure::ListError,
};

/// Adds the condition on the stock to a statement: `$ask!` is called with it.
macro_rules! with_stock {
    ($in_stock:expr, $ask:ident $($arguments:tt)*) => {
        match $in_stock {
            None => $ask!("" $($arguments)*),
            Some(true) => {
                $ask!(" AND p.sku IN (SELECT sku FROM stock WHERE on_hand - held - allocated > 0)" $($arguments)*)
            }
            Some(false) => {
                $ask!(
                    " AND NOT EXISTS (SELECT FROM stock
                          WHERE stock.sku = p.sku AND on_hand - held - allocated > 0)"
                    $($arguments)*
                )
            }
        }
    };
}

/// The rows of one page, of what `viewer` may see.
pub async fn rows(
    pool: &Pool,
    viewer: Viewer,
    filter: &Filter,
    sort: Sort,
    paging: &Paging<Position>,
) -> Result<Vec<ProductRow>, ListError> {
    let position = paging.after().cloned().unwrap_or_else(|| sort.start());
    let [one, two, three, four, five, six, seven, eight] = filter.patterns();

    // $1 sees all, $2 own vendor, $3 vendor, $4 status, $5 and $6 prices, $7 and $8 position, $9 limit, $10 offset,
    // $11 to $18 patterns. The page is found first, so that the stock of earlier products is not summed.
    macro_rules! ask {
        ($stock:tt, $column:tt, $beyond:tt, $direction:tt, $key:expr, $id:expr) => {
            select_products!(
                from [
                    "(SELECT p.id AS found FROM products p
                      WHERE p.deleted_at IS NULL AND (p.status = 'active' OR $1 OR p.vendor_id = $2)
                         AND ($3::uuid IS NULL OR p.vendor_id = $3) AND ($4::text IS NULL OR p.status = $4)
                         AND ($5::bigint IS NULL OR p.price_minor >= $5)
                         AND ($6::bigint IS NULL OR p.price_minor <= $6)
                         AND ($11::text IS NULL OR p.search_text ILIKE $11)
                         AND ($12::text IS NULL OR p.search_text ILIKE $12)
                         AND ($13::text IS NULL OR p.search_text ILIKE $13)
                         AND ($14::text IS NULL OR p.search_text ILIKE $14)
                         AND ($15::text IS NULL OR p.search_text ILIKE $15)
                         AND ($16::text IS NULL OR p.search_text ILIKE $16)
                         AND ($17::text IS NULL OR p.search_text ILIKE $17)
                         AND ($18::text IS NULL OR p.search_text ILIKE $18)"
                        + $stock
                        + " AND (" + $column + ", p.id) " + $beyond + " ($7, $8)
                      ORDER BY " + $column + $direction + ", p.id" + $direction
                        + " LIMIT $9 OFFSET $10) page JOIN products p ON p.id = page.found"
                ],
                ["ORDER BY " + $column + $direction + ", p.id" + $direction],
                viewer.sees_all(),
                viewer.vendor(),
                filter.vendor,
                filter.status as _,
                filter.min_price,
                filter.max_price,
                $key,
                $id,
                paging.fetch(),
                paging.offset(),
                one,
                two,
                three,
                four,
                five,
                six,
                seven,
                eight,
            )
            .fetch_all(pool)
            .await?
        };
    }
    let stock = filter.in_stock;
    let rows = match (sort, &position) {
        (Sort::Newest, Position::Age(at, id)) => {
            with_stock!(stock, ask, "p.created_at", "<", " DESC", at, id)
        }
        (Sort::Oldest, Position::Age(at, id)) => {
            with_stock!(stock, ask, "p.created_at", ">", "", at, id)
        }
        (Sort::Cheapest, Position::Price(price, id)) => {
            with_stock!(stock, ask, "p.price_minor", ">", "", price, id)
        }
        (Sort::Dearest, Position::Price(price, id)) => {
            with_stock!(stock, ask, "p.price_minor", "<", " DESC", price, id)
        }
        (Sort::Name, Position::Name(name, id)) => {
            with_stock!(stock, ask, "p.name", ">", "", name, id)
        }
        (Sort::Newest | Sort::Oldest, Position::Price(..) | Position::Name(..))
        | (Sort::Cheapest | Sort::Dearest, Position::Age(..) | Position::Name(..))
        | (Sort::Name, Position::Age(..) | Position::Price(..)) => return Err(ListError::Cursor),
    };
    Ok(rows)
}

/// How many rows all pages have.
pub async fn total(pool: &Pool, viewer: Viewer, filter: &Filter) -> Result<i64, sqlx::Error> {
    let [one, two, three, four, five, six, seven, eight] = filter.patterns();
    macro_rules! count {
        ($stock:tt) => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "count!" FROM (
                       SELECT FROM products p
                       WHERE p.deleted_at IS NULL AND (p.status = 'active' OR $1 OR p.vendor_id = $2)
                         AND ($3::uuid IS NULL OR p.vendor_id = $3) AND ($4::text IS NULL OR p.status = $4)
                         AND ($5::bigint IS NULL OR p.price_minor >= $5)
                         AND ($6::bigint IS NULL OR p.price_minor <= $6)
                         AND ($8::text IS NULL OR p.search_text ILIKE $8)
                         AND ($9::text IS NULL OR p.search_text ILIKE $9)
                         AND ($10::text IS NULL OR p.search_text ILIKE $10)
                         AND ($11::text IS NULL OR p.search_text ILIKE $11)
                         AND ($12::text IS NULL OR p.search_text ILIKE $12)
                         AND ($13::text IS NULL OR p.search_text ILIKE $13)
                         AND ($14::text IS NULL OR p.search_text ILIKE $14)
                         AND ($15::text IS NULL OR p.search_text ILIKE $15)"#
                    + $stock
                    + " LIMIT $7) counted",
                viewer.sees_all(),
                viewer.vendor(),
                filter.vendor,
                filter.status as _,
                filter.min_price,
                filter.max_price,
                Total::COUNT_TO,
                one,
                two,
                three,
                four,
                five,
                six,
                seven,
                eight,
            )
            .fetch_one(pool)
            .await
        };
    }
    with_stock!(filter.in_stock, count)
}
