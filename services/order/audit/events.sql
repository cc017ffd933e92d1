-- The events of the orders behind $1 and up to $2, in one snapshot: one for each version of its order, and no others.
WITH written AS MATERIALIZED (
    SELECT order_id, count(*) AS events, max(version) AS last FROM order_events
    WHERE order_id > $1 AND order_id <= $2 GROUP BY order_id
), chunk AS MATERIALIZED (
    SELECT id AS order_id, version FROM orders WHERE id > $1 AND id <= $2
)
SELECT 'event_gap' AS "code!", order_id AS "order_id!",
       format('order %s has version %s and %s events up to %s; subscribers do not know of a change', order_id, version,
           COALESCE(events, 0), COALESCE(last, 0)) AS "message!"
FROM chunk LEFT JOIN written USING (order_id) WHERE events IS DISTINCT FROM version OR last IS DISTINCT FROM version
UNION ALL
SELECT 'event_without_order', order_id, format('there are %s events of order %s, which does not exist', events, order_id)
FROM written WHERE NOT EXISTS (SELECT FROM chunk WHERE chunk.order_id = written.order_id)
