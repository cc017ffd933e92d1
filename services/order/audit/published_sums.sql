-- The same of the numbers behind $2 and up to $3 of the partition $1, of events older than $4.
SELECT count(*) AS "events!", COALESCE(bit_xor(uuid_hash_extended(order_id, version)), 0) AS "names!"
FROM published_events JOIN order_events USING (order_id, version)
WHERE published_events.partition = $1 AND sequence > $2 AND sequence <= $3 AND occurred_at < $4
