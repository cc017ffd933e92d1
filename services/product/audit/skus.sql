-- The counters of the SKUs behind $1 and up to $2 (to the end where that is null), in one snapshot: a row for everything
-- that does not add up. As ../audit.sql, which looks at all of them at once.
WITH moved AS (
    SELECT sku, location, sum(delta) AS units, COALESCE(-sum(delta) FILTER (WHERE kind = 'shipped'), 0) AS shipped,
        COALESCE(sum(delta) FILTER (WHERE kind = 'returned'), 0) AS returned
    FROM movements WHERE sku > $1 AND ($2::text IS NULL OR sku <= $2) GROUP BY sku, location
), shelves AS (
    SELECT sku, location, on_hand, held, allocated FROM stock WHERE sku > $1 AND ($2::text IS NULL OR sku <= $2)
), keys AS MATERIALIZED (
    SELECT sku FROM shelves UNION SELECT sku FROM moved
), taken AS (
    SELECT line.sku, line.location,
        COALESCE(sum(line.quantity) FILTER (WHERE hold.state = 'held'), 0) AS held,
        COALESCE(sum(line.quantity - line.shipped - line.released) FILTER (WHERE hold.state = 'committed'), 0) AS allocated,
        sum(line.shipped) AS shipped, sum(line.returned) AS returned
    FROM keys JOIN hold_lines line ON hashtext(line.sku) = hashtext(keys.sku) AND line.sku = keys.sku
        LEFT JOIN holds hold USING (order_id)
    GROUP BY line.sku, line.location
), counted AS (
    SELECT sku, location, COALESCE(shelves.on_hand, 0) AS on_hand, COALESCE(shelves.held, 0) AS held,
        COALESCE(shelves.allocated, 0) AS allocated, COALESCE(moved.units, 0) AS moved,
        COALESCE(taken.held, 0) AS lines_held, COALESCE(taken.allocated, 0) AS lines_allocated,
        COALESCE(moved.shipped, 0) AS shipped, COALESCE(taken.shipped, 0) AS lines_shipped,
        COALESCE(moved.returned, 0) AS returned, COALESCE(taken.returned, 0) AS lines_returned
    FROM shelves FULL JOIN moved USING (sku, location) FULL JOIN taken USING (sku, location)
)
SELECT 'on_hand' AS "code!", format('%s at %s: on_hand %s, movements say %s', sku, location, on_hand, moved) AS "message!"
FROM counted WHERE on_hand <> moved
UNION ALL
SELECT 'held', format('%s at %s: held %s, lines say %s', sku, location, held, lines_held)
FROM counted WHERE held <> lines_held
UNION ALL
SELECT 'allocated', format('%s at %s: allocated %s, lines say %s', sku, location, allocated, lines_allocated)
FROM counted WHERE allocated <> lines_allocated
UNION ALL
SELECT 'shipped', format('%s at %s: shipped %s, lines say %s', sku, location, shipped, lines_shipped)
FROM counted WHERE shipped <> lines_shipped
UNION ALL
SELECT 'returned', format('%s at %s: returned %s, lines say %s', sku, location, returned, lines_returned)
FROM counted WHERE returned <> lines_returned
UNION ALL
SELECT 'oversold', format('%s at %s: oversold, held %s and allocated %s of %s', sku, location, held, allocated, on_hand)
FROM counted WHERE held + allocated > on_hand OR held < 0 OR allocated < 0
UNION ALL
SELECT 'stock_without_product', format('%s at %s: there is no product with this SKU', sku, location)
FROM shelves WHERE NOT EXISTS (SELECT FROM products WHERE products.sku = shelves.sku)
