-- D1, lock-last: the same rows as lock-first, optimized for contention on the stock row: all other rows come first, stock is
-- locked at the end, and no row is locked twice in one transaction.
BEGIN;
-- order: checkout/postgres/recorded.rs, with the parameters that a service would generate itself
SELECT order_id(:time, :r) AS id, customer(:user) AS customer, skus(:a, :b, :c, :lines) AS skus,
    (ARRAY[:qa, :qb, :qc]::bigint[])[1:(:lines)] AS quantities, sha256(int8send(:r)) AS hash, 'd1-' || :time AS key,
    (SELECT order_id FROM idempotency_keys WHERE principal = customer(:user) AND operation = 'place_order' AND key = 'd1-' || :time) AS known
\gset
\if :dice <= 30 AND :dice > 20
SELECT * FROM orders WHERE user_id = :customer ORDER BY created_at DESC, id DESC LIMIT 1;
ROLLBACK;
\else
-- product: stock/reservations/postgres/offers.rs
SELECT array_agg(id ORDER BY sku) AS products, array_agg(vendor_id ORDER BY sku) AS vendors, array_agg(name ORDER BY sku) AS names,
    array_agg(price_minor ORDER BY sku) AS prices, array_agg(sku ORDER BY sku) AS sorted, array_agg(quantity ORDER BY sku) AS sorted_quantities,
    sum(price_minor * quantity)::bigint AS total
FROM (SELECT id, vendor_id, sku, name, price_minor, (status = 'active' AND deleted_at IS NULL) AS orderable
      FROM products WHERE id = ANY ('{}'::uuid[]) OR sku = ANY (:skus)) p
JOIN unnest(:skus::text[], :quantities::bigint[]) AS wanted (sku, quantity) USING (sku)
\gset
-- product: stock/reservations/postgres/holds.rs known
SELECT order_id, request_key, fingerprint, state, expires_at, total_minor FROM holds
WHERE request_key = ANY (ARRAY[:hash::bytea]) OR order_id = ANY (ARRAY[:id::uuid]);
\if :dice <= 20
-- product: stock/postgres/levels.rs lock, with no units left
SELECT sku, location, priority, on_hand, held, allocated FROM stock WHERE sku = ANY (:skus) ORDER BY sku, location FOR NO KEY UPDATE;
ROLLBACK;
\else
-- order: checkout/postgres/insert.rs; orders/postgres/events.rs write
INSERT INTO idempotency_keys (principal, operation, key, fingerprint, order_id, status)
VALUES (:customer, 'place_order', :key, :hash, :id, 201) ON CONFLICT (principal, operation, key) DO NOTHING RETURNING order_id;
INSERT INTO orders (id, user_id, currency, items_minor, shipping_minor, tax_minor, discount_minor, total_minor, shipping_address, note)
VALUES (:id, :customer, 'USD', :total, 0, 0, 0, :total,
    '{"name":"Ada Lovelace","line1":"12 St James''s Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}', NULL)
ON CONFLICT (id) DO NOTHING RETURNING id, number, created_at, updated_at;
INSERT INTO order_items (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor)
SELECT :id, (place - 1)::smallint, product_id, vendor_id, sku, name, price, quantity::integer, price * quantity
FROM unnest(:products::uuid[], :vendors::uuid[], :names::text[], :prices::bigint[], :sorted::text[], :sorted_quantities::bigint[])
    WITH ORDINALITY AS line (product_id, vendor_id, name, price, sku, quantity, place);
INSERT INTO sagas (order_id, step, deadline, fence, attempts, due_at)
VALUES (:id, 'commit_hold', now() + make_interval(secs => 60), 1, 1, now() + make_interval(secs => 3));
INSERT INTO order_events (order_id, version, event_type, actor, actor_id, data) VALUES (:id, 1, 'order.created', 'customer', :customer,
    '{"status":"pending","payment_status":"unpaid","fulfillment_status":"unfulfilled","user_id":"0000c000-0000-7000-8000-000000000000","currency":"USD","total_minor":1000}');
-- product: stock/reservations/postgres/holds.rs insert
INSERT INTO holds (order_id, request_key, fingerprint, state, total_minor, expires_at)
VALUES (:id, :hash, :hash, 'held', :total, now() + make_interval(secs => 60)) ON CONFLICT DO NOTHING RETURNING order_id, expires_at;
INSERT INTO hold_lines (order_id, line, product_id, vendor_id, name, unit_price_minor, sku, location, quantity)
SELECT :id, (place - 1)::smallint, product_id, vendor_id, name, price, sku, 'main', quantity
FROM unnest(:products::uuid[], :vendors::uuid[], :names::text[], :prices::bigint[], :sorted::text[], :sorted_quantities::bigint[])
    WITH ORDINALITY AS line (product_id, vendor_id, name, price, sku, quantity, place);
-- The commit of the hold, without the stock. product: stock/reservations/postgres/holds.rs end; order: saga/postgres/sagas.rs lock_valid, saga/postgres/settle.rs write
UPDATE holds SET state = 'committed', ended_at = now() WHERE order_id = :id AND state = 'held';
UPDATE orders SET status = 'confirmed', payment_status = 'unpaid', cancel_reason = NULL, hold = 'committed', version = 2, updated_at = now()
WHERE id = :id;
INSERT INTO order_events (order_id, version, event_type, actor, actor_id, data) VALUES (:id, 2, 'order.confirmed', 'system', NULL,
    '{"status":"confirmed","payment_status":"unpaid","fulfillment_status":"unfulfilled"}');
UPDATE sagas SET finished_at = now(), last_error = NULL WHERE order_id = :id;
-- product: stock/postgres/levels.rs lock, shift, allocate
SELECT sku, location, priority, on_hand, held, allocated FROM stock WHERE sku = ANY (:skus) ORDER BY sku, location FOR NO KEY UPDATE;
UPDATE stock SET held = stock.held + units.quantity FROM unnest(:sorted::text[], :sorted_quantities::bigint[]) AS units (sku, quantity)
WHERE stock.sku = units.sku AND stock.location = 'main';
UPDATE stock SET held = stock.held - units.quantity, allocated = stock.allocated + units.quantity
FROM unnest(:sorted::text[], :sorted_quantities::bigint[]) AS units (sku, quantity)
WHERE stock.sku = units.sku AND stock.location = 'main';
COMMIT;
\endif
\endif
