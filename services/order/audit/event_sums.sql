-- How many events there are of the orders behind $1 and up to $2, and a sum of their names, by partition; of those older
-- than $3. An event never changes: the sums of all chunks are those of one moment.
SELECT partition AS "partition!", count(*) AS "events!", bit_xor(uuid_hash_extended(order_id, version)) AS "names!"
FROM order_events WHERE order_id > $1 AND order_id <= $2 AND occurred_at < $3 GROUP BY partition
