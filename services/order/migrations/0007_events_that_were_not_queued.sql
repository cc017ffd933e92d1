-- Migration 0006 copied the events that had no number yet before it locked their table: an event whose transaction was
-- still open at the copy is in neither place, and nobody would ever publish it. Such events go into the queue here.
-- No lock: 0006 waited for those transactions, and every event since then is queued by its trigger. One statement
-- sees one snapshot, in which an event is queued, published, or forgotten.
INSERT INTO unpublished_events (partition, order_id, version)
SELECT events.partition, events.order_id, events.version
FROM order_events AS events
WHERE NOT EXISTS (
    SELECT FROM unpublished_events AS waiting WHERE waiting.order_id = events.order_id AND waiting.version = events.version
) AND NOT EXISTS (
    SELECT FROM published_events AS done WHERE done.order_id = events.order_id AND done.version = events.version
)
ORDER BY events.order_id, events.version;
