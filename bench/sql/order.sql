-- The template's orders: they are confirmed, their sagas are done, and their events are published. The script is run once on a
-- database that order has migrated; the search path names its schema. It needs :products and :orders, like sql/product.sql.
CREATE TEMPORARY TABLE template_orders AS
SELECT n, format('01900000-0000-7000-9000-%s', lpad(to_hex(n), 12, '0'))::uuid AS id,
    format('0000c000-0000-7000-8000-%s', lpad(to_hex(n % 2000), 12, '0'))::uuid AS user_id,
    now() - (:orders - n) * interval '0.3 s' AS at
FROM generate_series(1, :orders) n;

CREATE TEMPORARY TABLE template_lines AS
SELECT id AS order_id, j::smallint AS place, 1 + (n * 7919 + j * 3571) % :products AS product, 1 + (n + j) % 2 AS quantity
FROM template_orders CROSS JOIN LATERAL generate_series(0, n % 3) j;

INSERT INTO orders (id, user_id, status, version, currency, items_minor, total_minor, shipping_address, created_at, updated_at)
SELECT id, user_id, 'confirmed', 2, 'USD', total, total,
    '{"name":"Ada Lovelace","line1":"12 St James''s Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}', at, at
FROM template_orders
JOIN (SELECT order_id, sum(quantity * (199 + product % 9800)) AS total FROM template_lines GROUP BY order_id) line ON order_id = id
ORDER BY id;

INSERT INTO order_items (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor)
SELECT order_id, place, format('00000000-0000-7000-8000-%s', lpad(to_hex(product), 12, '0'))::uuid,
    format('00000000-0000-7000-a000-%s', lpad(to_hex(product % 50), 12, '0'))::uuid, 'P' || lpad(product::text, 5, '0'),
    'Product ' || product, 199 + product % 9800, quantity, quantity * (199 + product % 9800)
FROM template_lines ORDER BY order_id, place;

INSERT INTO idempotency_keys (principal, operation, key, fingerprint, order_id, status, created_at)
SELECT user_id, 'place_order', 'template-' || n, sha256(uuid_send(id)), id, 201, at FROM template_orders ORDER BY user_id, n;

INSERT INTO sagas (order_id, fence, attempts, due_at, deadline, created_at, finished_at)
SELECT id, 1, 1, at, at + interval '1 min', at, at FROM template_orders ORDER BY id;

CREATE TEMPORARY TABLE template_events AS
SELECT id, version, row_number() OVER (PARTITION BY get_byte(uuid_send(id), 15) & 15 ORDER BY id, version) AS sequence,
    get_byte(uuid_send(id), 15) & 15 AS part, user_id, at
FROM template_orders CROSS JOIN generate_series(1, 2) version;
INSERT INTO order_events (order_id, version, event_type, actor, actor_id, data, occurred_at)
SELECT id, version, CASE version WHEN 1 THEN 'order.created' ELSE 'order.confirmed' END,
    CASE version WHEN 1 THEN 'customer' ELSE 'system' END, CASE version WHEN 1 THEN user_id END,
    jsonb_build_object('status', CASE version WHEN 1 THEN 'pending' ELSE 'confirmed' END, 'payment_status', 'unpaid',
        'fulfillment_status', 'unfulfilled'), at
FROM template_events ORDER BY id, version;
TRUNCATE unpublished_events;
INSERT INTO published_events (partition, sequence, order_id, version) SELECT part, sequence, id, version FROM template_events ORDER BY part, sequence;
UPDATE event_partitions SET last_sequence = last.sequence
FROM (SELECT part, max(sequence) AS sequence FROM template_events GROUP BY part) last WHERE partition = part;

UPDATE orders SET hold = 'committed';
