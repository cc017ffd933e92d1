-- The holds and lines of the orders behind $1 and up to $2 (to the end where that is null), in one snapshot: a row for
-- everything that does not add up.
WITH lines AS (
    SELECT order_id, sku, location, quantity, unit_price_minor, shipped, returned, released FROM hold_lines
    WHERE order_id > $1 AND ($2::uuid IS NULL OR order_id <= $2)
), heads AS (
    SELECT order_id, state, request_key, total_minor FROM holds
    WHERE order_id > $1 AND ($2::uuid IS NULL OR order_id <= $2)
)
SELECT 'lines_without_hold' AS "code!", format('lines of order %s without a hold', order_id) AS "message!"
FROM lines LEFT JOIN heads USING (order_id) WHERE heads.order_id IS NULL
UNION ALL
SELECT 'hold_without_lines', format('hold of order %s without lines', order_id)
FROM heads LEFT JOIN lines USING (order_id) WHERE request_key IS NOT NULL AND lines.order_id IS NULL
UNION ALL
SELECT 'line_of_ended_hold', format('lines of the %s hold of order %s were shipped or released', state, order_id)
FROM lines JOIN heads USING (order_id)
WHERE CASE state
    WHEN 'committed' THEN false
    WHEN 'released' THEN shipped > 0 OR released NOT IN (0, quantity)
    ELSE shipped + returned + released > 0
END
UNION ALL
SELECT 'total', format('hold of order %s: total %s, lines say %s', order_id, total_minor, sum(quantity * unit_price_minor))
FROM heads JOIN lines USING (order_id) GROUP BY order_id, total_minor
HAVING total_minor <> sum(quantity * unit_price_minor)
UNION ALL
SELECT 'line_without_stock', format('order %s has %s at %s, where there is no row of stock', order_id, sku, location)
FROM lines WHERE NOT EXISTS (SELECT FROM stock WHERE (stock.sku, stock.location) = (lines.sku, lines.location))
