-- What was told of units that orders lost: not more than they gave up, and not left alone for longer than $1 seconds.
SELECT 'shortfall' AS "code!", format('%s at %s: order %s fell short of %s, %s were released', sku, location, order_id,
    short.units, COALESCE(released, 0)) AS "message!"
FROM (
    SELECT order_id, sku, location, sum(quantity) AS units FROM shortfalls GROUP BY order_id, sku, location
) short LEFT JOIN hold_lines USING (order_id, sku, location)
WHERE short.units > COALESCE(released, 0)
UNION ALL
SELECT 'shortfall_open', format('%s at %s: order %s lacks %s units since %s, and the order service has not dealt with it',
    sku, location, order_id, quantity, created_at)
FROM shortfalls WHERE settled_at IS NULL AND created_at < now() - make_interval(secs => $1)
