//! Products in SQL. The database's clock counts, and the database sorts.

pub mod product_lists;
pub mod product_row;
pub mod products;

/// Products with the sum of their stock; what follows `FROM` is given, as `p` and `s`.
macro_rules! select_products {
    (from [$($from:tt)+], [$($rest:tt)+] $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::catalog::products::postgres::product_row::ProductRow,
            r#"SELECT p.id AS "id: _", p.vendor_id AS "vendor_id: _", p.sku AS "sku: _", p.slug AS "slug: _",
                   p.name AS "name: _", p.description AS "description: _", p.price_minor, p.category AS "category: _",
                   COALESCE(p.metadata_as_sent::text, p.metadata::text) AS "metadata!", p.status AS "status: _", p.version,
                   p.created_at AS "created_at: _", p.updated_at AS "updated_at: _",
                   s.on_hand AS "on_hand!", s.held AS "held!", s.allocated AS "allocated!", s.warehouse AS "warehouse!"
               FROM "# + $($from)+ + r#"
               CROSS JOIN LATERAL (
                   SELECT COALESCE(sum(on_hand), 0)::bigint AS on_hand, COALESCE(sum(held), 0)::bigint AS held,
                       COALESCE(sum(allocated), 0)::bigint AS allocated,
                       COALESCE((array_agg(location ORDER BY priority, location))[1], 'main') AS warehouse
                   FROM stock WHERE stock.sku = p.sku
               ) s "# + $($rest)+
            $(, $argument)*
        )
    };
    ([$($rest:tt)+] $(, $argument:expr)* $(,)?) => {
        $crate::catalog::products::postgres::select_products!(from ["products p"], [$($rest)+] $(, $argument)*)
    };
}
use select_products;
