-- Events that wait for a number for longer than $1 seconds: the relay does not run, or does not keep up.
SELECT 'event_unpublished' AS "code!", order_id AS "order_id!",
       format('version %s of order %s has waited for its number since %s; look at the order worker', version, order_id, occurred_at) AS "message!"
FROM unpublished_events JOIN order_events USING (order_id, version)
WHERE occurred_at < now() - make_interval(secs => $1)
