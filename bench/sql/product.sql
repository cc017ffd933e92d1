-- The template's catalogue and stock (bench/src/catalogue.rs has the same numbers), and the holds of its orders. The script is
-- run once on a database that product has migrated; the search path names its schema. It needs :products, :scarce,
-- :scarce_units and :orders.
INSERT INTO products (id, vendor_id, sku, slug, name, description, price_minor, category, status)
SELECT format('00000000-0000-7000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid,
    format('00000000-0000-7000-a000-%s', lpad(to_hex(n % 50), 12, '0'))::uuid,
    CASE WHEN n <= :products THEN 'P' || lpad(n::text, 5, '0') ELSE 'SCARCE-' || lpad((n - :products)::text, 3, '0') END,
    'product-' || n, 'Product ' || n, repeat('A thing worth having. ', 10), 199 + n % 9800, 'category-' || n % 20, 'active'
FROM generate_series(1, :products + :scarce) n;

-- The lines of the template's orders: 1 to 3 of different products, as in the workload.
CREATE TEMPORARY TABLE template_lines AS
SELECT format('01900000-0000-7000-9000-%s', lpad(to_hex(n), 12, '0'))::uuid AS order_id, n, j::smallint AS place,
    1 + (n * 7919 + j * 3571) % :products AS product, (1 + (n + j) % 2)::bigint AS quantity
FROM generate_series(1, :orders) n CROSS JOIN LATERAL generate_series(0, n % 3) j;

INSERT INTO holds (order_id, request_key, fingerprint, state, total_minor, expires_at, created_at, ended_at)
SELECT order_id, sha256(uuid_send(order_id)), sha256(uuid_send(order_id)), 'committed', sum(quantity * (199 + product % 9800)),
    at + interval '1 min', at, at
FROM (SELECT *, now() - (:orders - n) * interval '0.3 s' AS at FROM template_lines) line GROUP BY order_id, at ORDER BY order_id;

INSERT INTO hold_lines (order_id, line, product_id, vendor_id, name, unit_price_minor, sku, location, quantity)
SELECT order_id, place, p.id, p.vendor_id, p.name, p.price_minor, p.sku, 'main', quantity
FROM template_lines JOIN products p ON p.sku = 'P' || lpad(product::text, 5, '0') ORDER BY order_id, p.sku;

INSERT INTO stock (sku, on_hand, allocated)
SELECT p.sku, CASE WHEN p.sku LIKE 'SCARCE%' THEN :scarce_units ELSE 100000000 END, COALESCE(line.units, 0)
FROM products p LEFT JOIN (SELECT sku, sum(quantity) AS units FROM hold_lines GROUP BY sku) line USING (sku) ORDER BY p.sku;

INSERT INTO movements (id, sku, location, kind, delta, on_hand_after)
SELECT gen_random_uuid(), sku, location, 'initial', on_hand, on_hand FROM stock;
