-- The first events of the partition $1, of those older than $2, that have no number and wait for none, and that have more
-- than one. Reads all of it: asked only where the sums differ.
(SELECT 'event_unqueued' AS "code!", order_id AS "order_id!",
        format('version %s of order %s was written at %s and is neither published nor queued; insert it into unpublished_events',
            version, order_id, occurred_at) AS "message!"
 FROM order_events AS events
 WHERE partition = $1 AND occurred_at < $2
     AND NOT EXISTS (SELECT FROM published_events AS done WHERE (done.order_id, done.version) = (events.order_id, events.version))
     AND NOT EXISTS (SELECT FROM unpublished_events AS waiting WHERE (waiting.order_id, waiting.version) = (events.order_id, events.version))
 LIMIT 1000)
UNION ALL
(SELECT 'event_published_twice', order_id, format('version %s of order %s has %s numbers', version, order_id, count(*))
 FROM published_events WHERE partition = $1 GROUP BY order_id, version HAVING count(*) > 1
 LIMIT 1000)
