-- The audit of stock: a row for everything that does not add up, none in a healthy shop. Safe to run at any time:
-- one statement sees one snapshot.
--   on_hand   = the sum of its movements
--   held      = the units of lines of running holds
--   allocated = the units of lines of committed holds, less what was shipped and what was released
--   shipped and returned units of lines = their movements
WITH moved AS (
    SELECT sku, location, sum(delta) AS units, COALESCE(-sum(delta) FILTER (WHERE kind = 'shipped'), 0) AS shipped,
        COALESCE(sum(delta) FILTER (WHERE kind = 'returned'), 0) AS returned
    FROM movements GROUP BY sku, location
), taken AS (
    SELECT line.sku, line.location,
        COALESCE(sum(line.quantity) FILTER (WHERE hold.state = 'held'), 0) AS held,
        COALESCE(sum(line.quantity - line.shipped - line.released) FILTER (WHERE hold.state = 'committed'), 0) AS allocated,
        sum(line.shipped) AS shipped, sum(line.returned) AS returned
    FROM hold_lines line LEFT JOIN holds hold USING (order_id)
    GROUP BY line.sku, line.location
), counted AS (
    SELECT sku, location, COALESCE(stock.on_hand, 0) AS on_hand, COALESCE(stock.held, 0) AS held,
        COALESCE(stock.allocated, 0) AS allocated, COALESCE(moved.units, 0) AS moved,
        COALESCE(taken.held, 0) AS lines_held, COALESCE(taken.allocated, 0) AS lines_allocated,
        COALESCE(moved.shipped, 0) AS shipped, COALESCE(taken.shipped, 0) AS lines_shipped,
        COALESCE(moved.returned, 0) AS returned, COALESCE(taken.returned, 0) AS lines_returned
    FROM stock FULL JOIN moved USING (sku, location) FULL JOIN taken USING (sku, location)
)
SELECT format('%s at %s: on_hand %s, movements say %s', sku, location, on_hand, moved)
FROM counted WHERE on_hand <> moved
UNION ALL
SELECT format('%s at %s: held %s, lines say %s', sku, location, held, lines_held)
FROM counted WHERE held <> lines_held
UNION ALL
SELECT format('%s at %s: allocated %s, lines say %s', sku, location, allocated, lines_allocated)
FROM counted WHERE allocated <> lines_allocated
UNION ALL
SELECT format('%s at %s: shipped %s, lines say %s', sku, location, shipped, lines_shipped)
FROM counted WHERE shipped <> lines_shipped
UNION ALL
SELECT format('%s at %s: returned %s, lines say %s', sku, location, returned, lines_returned)
FROM counted WHERE returned <> lines_returned
UNION ALL
SELECT format('%s at %s: oversold, held %s and allocated %s of %s', sku, location, held, allocated, on_hand)
FROM counted WHERE held + allocated > on_hand OR held < 0 OR allocated < 0
UNION ALL
SELECT format('lines of order %s without a hold', order_id) FROM hold_lines
WHERE NOT EXISTS (SELECT FROM holds WHERE holds.order_id = hold_lines.order_id)
UNION ALL
SELECT format('hold of order %s without lines', order_id) FROM holds
WHERE request_key IS NOT NULL AND NOT EXISTS (SELECT FROM hold_lines WHERE hold_lines.order_id = holds.order_id)
UNION ALL
SELECT format('lines of the %s hold of order %s were shipped or released', state, order_id)
FROM hold_lines JOIN holds USING (order_id)
WHERE CASE state
    WHEN 'committed' THEN false
    WHEN 'released' THEN shipped > 0 OR released NOT IN (0, quantity)
    ELSE shipped + returned + released > 0
END
UNION ALL
SELECT format('%s at %s: order %s fell short of %s, %s were released', sku, location, order_id, short.units, COALESCE(released, 0))
FROM (
    SELECT order_id, sku, location, sum(quantity) AS units FROM shortfalls GROUP BY order_id, sku, location
) short LEFT JOIN hold_lines USING (order_id, sku, location)
WHERE short.units > COALESCE(released, 0)
