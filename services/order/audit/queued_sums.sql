-- In one snapshot: how far the numbers of each partition go, and the sum of what waits for a number, of events older than $1.
SELECT event_partitions.partition AS "partition!", last_sequence AS "last_sequence!",
       count(order_events.order_id) AS "events!",
       COALESCE(bit_xor(uuid_hash_extended(order_events.order_id, order_events.version)), 0) AS "names!"
FROM event_partitions
LEFT JOIN unpublished_events ON unpublished_events.partition = event_partitions.partition
LEFT JOIN order_events ON order_events.order_id = unpublished_events.order_id
    AND order_events.version = unpublished_events.version AND occurred_at < $1
GROUP BY event_partitions.partition, last_sequence
