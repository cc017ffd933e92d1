-- Functions of the denominators, in the database with both schemas (`sales` is order's, `product` is product's), and the batch
-- of D2 and D3. The statements are the services' own, and each has a comment with its source.

-- A UUIDv7 from 48 bits of time and 53 random ones, as the order service creates them (libs/clock).
CREATE FUNCTION order_id(at_ms bigint, noise bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
SELECT (lpad(to_hex($1), 12, '0') || '7' || lpad(to_hex($2 & 4095), 3, '0') || 'a' || lpad(to_hex($2 >> 12), 15, '0'))::uuid
$$;

CREATE FUNCTION customer(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
SELECT ('0000c0000000700080000000' || lpad(to_hex($1), 8, '0'))::uuid
$$;

-- The SKU of a product by its number; products above 10,000 are scarce.
CREATE FUNCTION sku(number bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN number <= 10000 THEN 'P' || lpad(number::text, 5, '0') ELSE 'SCARCE-' || lpad((number - 10000)::text, 3, '0') END
$$;
-- The SKUs of one to three products.
CREATE FUNCTION skus(a bigint, b bigint, c bigint, lines bigint) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
SELECT (ARRAY[sku(a), sku(b), sku(c)])[1:lines]
$$;

-- A whole batch in one transaction: the statements of product and order for `size` orders, with the commit of their holds.
-- Round trips and parameters cost nothing here, and the choice of products does: the two roughly cancel out.
CREATE FUNCTION place_batch(size int, hot boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    now_ms bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
    ids uuid[]; users uuid[]; keys text[]; hashes bytea[]; totals bigint[]; fresh uuid[]; fresh_users uuid[];
    line_orders uuid[]; line_skus text[]; line_quantities bigint[]; line_places smallint[]; line_products uuid[];
    line_vendors uuid[]; line_names text[]; line_prices bigint[]; all_skus text[]; addresses jsonb[]; zeros bigint[];
    locations text[]; versions bigint[]; fences bigint[]; events jsonb[];
    -- The requested lines, in parallel arrays.
    w_ids uuid[]; w_customers uuid[]; w_sold_out boolean[]; w_places smallint[]; w_skus text[]; w_quantities bigint[]; counts record;
BEGIN
    -- 97 % of the batch become orders: 2 % have a product that is sold out, 1 % repeat an earlier request.
    SELECT array_agg(id), array_agg(customer), array_agg(sold_out), array_agg(place), array_agg(sku), array_agg(quantity)
        INTO w_ids, w_customers, w_sold_out, w_places, w_skus, w_quantities
    FROM (SELECT order_id(now_ms, (request.r * 9007199254740991)::bigint) AS id, customer((request.u * 1999)::bigint) AS customer,
        request.dice < 0.02 AS sold_out, line.place, line.sku, 1 + (random() < 0.5)::int AS quantity
    FROM (SELECT random() AS r, random() AS u, random() AS dice, 1 + (random() * 9999)::bigint AS a,
              1 + (random() * 3 - 0.000001)::int % 3 AS lines, (1 + random() * 4998)::bigint AS b, (5000 + random() * 4999)::bigint AS c
          FROM generate_series(1, size)) request
    CROSS JOIN LATERAL (VALUES
        (0::smallint, CASE WHEN hot THEN sku(1) ELSE sku(a) END),
        (1::smallint, sku(CASE WHEN hot THEN 2 + a % 4999 ELSE 1 + (a - 1 + b) % 10000 END)),
        (2::smallint, sku(CASE WHEN dice < 0.02 THEN 10001 + c % 100 WHEN hot THEN 5001 + c % 5000 ELSE 1 + (a - 1 + c) % 10000 END))
    ) line (place, sku)
    WHERE dice < 0.99 AND (line.place < lines OR dice < 0.02 AND line.place = 2)) requested;
    -- The batch has only repeated requests, whose work is negligible.
    IF w_ids IS NULL THEN RETURN 0; END IF;
    SELECT array_agg(id), array_agg(customer), array_agg(id::text), array_agg(sha256(uuid_send(id)))
        INTO ids, users, keys, hashes FROM (SELECT DISTINCT id, customer FROM unnest(w_ids, w_customers) AS w (id, customer)) request;
    SELECT array_agg(DISTINCT sku) INTO all_skus FROM unnest(w_skus) AS sku;

    -- order: checkout/postgres/recorded.rs
    PERFORM asked.place, keys.fingerprint, keys.order_id
    FROM unnest(users, array_fill('place_order'::text, ARRAY[cardinality(ids)]), keys) WITH ORDINALITY AS asked (principal, operation, key, place)
    JOIN idempotency_keys AS keys ON keys.principal = asked.principal AND keys.operation = asked.operation AND keys.key = asked.key;

    -- product: stock/reservations/postgres/offers.rs; the results are kept in arrays like those in the services' memory
    SELECT array_agg(w.id ORDER BY w.id, w.sku), array_agg(w.sku ORDER BY w.id, w.sku), array_agg(quantity ORDER BY w.id, w.sku),
        array_agg(place ORDER BY w.id, w.sku), array_agg(p.id ORDER BY w.id, w.sku), array_agg(vendor_id ORDER BY w.id, w.sku),
        array_agg(name ORDER BY w.id, w.sku), array_agg(price_minor ORDER BY w.id, w.sku)
        INTO line_orders, line_skus, line_quantities, line_places, line_products, line_vendors, line_names, line_prices
    FROM (SELECT id, vendor_id, sku, name, price_minor, (status = 'active' AND deleted_at IS NULL) AS orderable
          FROM products WHERE id = ANY ('{}'::uuid[]) OR sku = ANY (all_skus)) p
    JOIN unnest(w_ids, w_sold_out, w_places, w_skus, w_quantities) AS w (id, sold_out, place, sku, quantity) USING (sku)
    WHERE NOT sold_out;
    -- All products are sold out, so nothing is written.
    IF line_orders IS NULL THEN RETURN 0; END IF;

    -- product: stock/postgres/levels.rs lock
    PERFORM sku, location, priority, on_hand, held, allocated FROM stock WHERE sku = ANY (all_skus)
    ORDER BY sku, location FOR NO KEY UPDATE;
    -- product: stock/reservations/postgres/holds.rs known
    PERFORM order_id, request_key, fingerprint, state, expires_at, total_minor FROM holds
    WHERE request_key = ANY (hashes) OR order_id = ANY (ids);

    SELECT array_agg(id), array_agg(customer), array_agg(total), array_agg(id::text), array_agg(sha256(uuid_send(id))), array_agg(0::bigint),
        array_agg('{"name":"Ada Lovelace","line1":"12 St James''s Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}'::jsonb),
        array_agg(2::bigint), array_agg(1::bigint),
        array_agg('{"status":"pending","payment_status":"unpaid","fulfillment_status":"unfulfilled","user_id":"0000c000-0000-7000-8000-000000000000","currency":"USD","total_minor":1000}'::jsonb)
        INTO fresh, fresh_users, totals, keys, hashes, zeros, addresses, versions, fences, events
    FROM (SELECT line.id, w.customer, sum(quantity * price)::bigint AS total
          FROM unnest(line_orders, line_quantities, line_prices) AS line (id, quantity, price)
          JOIN (SELECT DISTINCT id, customer FROM unnest(w_ids, w_customers) AS w (id, customer)) w USING (id)
          GROUP BY line.id, w.customer) request;
    locations := array_fill('main'::text, ARRAY[cardinality(line_orders)]);

    -- product: stock/reservations/postgres/holds.rs insert
    PERFORM 1; INSERT INTO holds (order_id, request_key, fingerprint, state, total_minor, expires_at)
    SELECT hold.order_id, request_key, fingerprint, 'held', total_minor, now() + make_interval(secs => seconds)
    FROM unnest(fresh, hashes, hashes, totals, array_fill(60, ARRAY[cardinality(fresh)]))
        AS hold (order_id, request_key, fingerprint, total_minor, seconds)
    ORDER BY hold.order_id ON CONFLICT DO NOTHING;
    INSERT INTO hold_lines (order_id, line, product_id, vendor_id, name, unit_price_minor, sku, location, quantity)
    SELECT * FROM unnest(line_orders, line_places, line_products, line_vendors, line_names, line_prices, line_skus,
        locations, line_quantities) AS line (order_id, line, product_id, vendor_id, name, price, sku, location, quantity)
    ORDER BY order_id, sku, location;
    -- product: stock/postgres/levels.rs shift
    WITH units AS (
        SELECT sku, location, sum(quantity)::bigint AS quantity
        FROM unnest(line_skus, locations, line_quantities) AS line (sku, location, quantity)
        GROUP BY sku, location ORDER BY sku, location
    ) UPDATE stock SET on_hand = stock.on_hand + 0 * units.quantity, held = stock.held + 1 * units.quantity,
        allocated = stock.allocated + 0 * units.quantity FROM units
    WHERE stock.sku = units.sku AND stock.location = units.location;

    -- order: checkout/postgres/insert.rs claim_keys, insert_orders, insert_items, insert_sagas
    INSERT INTO idempotency_keys (principal, operation, key, fingerprint, order_id, status)
    SELECT principal, operation, key, fingerprint, new.order_id, 201::smallint
    FROM unnest(fresh_users, array_fill('place_order'::text, ARRAY[cardinality(fresh)]), keys, hashes, fresh)
        AS new (principal, operation, key, fingerprint, order_id)
    ORDER BY principal, operation COLLATE "C", key COLLATE "C" ON CONFLICT (principal, operation, key) DO NOTHING;
    INSERT INTO orders (id, user_id, currency, items_minor, shipping_minor, tax_minor, discount_minor, total_minor, shipping_address, note)
    SELECT new.* FROM unnest(fresh, fresh_users, array_fill('USD'::text, ARRAY[cardinality(fresh)]), totals, zeros, zeros, zeros, totals, addresses,
        array_fill(NULL::text, ARRAY[cardinality(fresh)]))
        AS new (id, user_id, currency, items_minor, shipping_minor, tax_minor, discount_minor, total_minor, shipping_address, note)
    ORDER BY id ON CONFLICT (id) DO NOTHING;
    INSERT INTO order_items (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor)
    SELECT new.order_id, place, product_id, vendor_id, sku, name, price, quantity::integer, price * quantity
    FROM unnest(line_orders, line_places, line_products, line_vendors, line_skus, line_names, line_prices, line_quantities)
        AS new (order_id, place, product_id, vendor_id, sku, name, price, quantity)
    ORDER BY new.order_id, place;
    INSERT INTO sagas (order_id, step, deadline, fence, attempts, due_at)
    SELECT new.order_id, step, now() + make_interval(secs => deadline), fence, fence::integer, now() + make_interval(secs => lease)
    FROM unnest(fresh, array_fill('commit_hold'::text, ARRAY[cardinality(fresh)]), array_fill(60.0::float8, ARRAY[cardinality(fresh)]),
        fences, array_fill(3.0::float8, ARRAY[cardinality(fresh)]))
        AS new (order_id, step, deadline, fence, lease) ORDER BY new.order_id;
    -- order: orders/postgres/events.rs write
    INSERT INTO order_events (order_id, version, event_type, actor, actor_id, data)
    SELECT new.* FROM unnest(fresh, fences, array_fill('order.created'::text, ARRAY[cardinality(fresh)]),
        array_fill('customer'::text, ARRAY[cardinality(fresh)]), fresh_users, events)
        AS new (order_id, version, event_type, actor, actor_id, data)
    ORDER BY new.order_id, version;

    -- product: stock/reservations/settle.rs commit_once: stock/postgres/levels.rs lock_of, stock/reservations/postgres/holds.rs commit
    PERFORM s.sku, s.location, s.priority, s.on_hand, s.held, s.allocated,
        (SELECT count(*) FROM hold_lines WHERE hold_lines.order_id = ANY (fresh)) AS lines
    FROM stock s WHERE (s.sku, s.location) IN (SELECT sku, location FROM hold_lines WHERE hold_lines.order_id = ANY (fresh))
    ORDER BY s.sku, s.location FOR NO KEY UPDATE OF s;
    WITH found AS MATERIALIZED (
        SELECT holds.order_id, state FROM holds WHERE holds.order_id = ANY (fresh) ORDER BY holds.order_id FOR NO KEY UPDATE
    ), ended AS (
        UPDATE holds SET state = 'committed', ended_at = now() FROM found
        WHERE holds.order_id = found.order_id AND found.state = 'held' RETURNING 1
    ), units AS (
        SELECT sku, location, sum(quantity)::bigint AS quantity FROM hold_lines JOIN found USING (order_id)
        WHERE found.state = 'held' GROUP BY sku, location ORDER BY sku, location
    ), changed AS (
        UPDATE stock SET held = stock.held - units.quantity, allocated = stock.allocated + units.quantity FROM units
        WHERE stock.sku = units.sku AND stock.location = units.location RETURNING 1
    )
    SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM units), (SELECT count(*) FROM changed),
        (SELECT count(*) FROM hold_lines WHERE hold_lines.order_id = ANY (fresh)) INTO counts FROM found LIMIT 1;
    -- order: saga/postgres/sagas.rs lock_valid, saga/postgres/settle.rs write: orders, events, sagas
    PERFORM order_id, fence, finished_at IS NULL FROM sagas WHERE sagas.order_id = ANY (fresh) ORDER BY sagas.order_id FOR UPDATE;
    PERFORM id, version FROM orders WHERE id = ANY (fresh) ORDER BY id FOR NO KEY UPDATE;
    UPDATE orders SET status = next.status, payment_status = next.payment, cancel_reason = next.cancel_reason, hold = next.hold,
        version = next.version, updated_at = now()
    FROM unnest(fresh, array_fill('confirmed'::text, ARRAY[cardinality(fresh)]), array_fill('unpaid'::text, ARRAY[cardinality(fresh)]),
        array_fill(NULL::text, ARRAY[cardinality(fresh)]), array_fill('committed'::text, ARRAY[cardinality(fresh)]), versions)
        AS next (id, status, payment, cancel_reason, hold, version) WHERE orders.id = next.id;
    INSERT INTO order_events (order_id, version, event_type, actor, actor_id, data)
    SELECT new.* FROM unnest(fresh, versions, array_fill('order.confirmed'::text, ARRAY[cardinality(fresh)]),
        array_fill('system'::text, ARRAY[cardinality(fresh)]), array_fill(NULL::uuid, ARRAY[cardinality(fresh)]), events)
        AS new (order_id, version, event_type, actor, actor_id, data)
    ORDER BY new.order_id, version;
    UPDATE sagas SET finished_at = now(), last_error = NULL WHERE sagas.order_id = ANY (fresh);
    RETURN cardinality(fresh);
END
$$;
