-- What happened to each order: one row for each version of it, written in the transaction that made the version.
-- The table is the outbox and the history in one (docs/adr/0005-one-table-of-events.md).

CREATE TABLE order_events (
    order_id    uuid NOT NULL,
    -- The version that the order got by this.
    version     bigint NOT NULL CHECK (version > 0),
    -- What consumers deduplicate by.
    event_id    uuid NOT NULL DEFAULT gen_random_uuid(),
    event_type  text COLLATE "C" NOT NULL CHECK (event_type ~ '^[a-z_]+\.[a-z_]+$'),
    actor       text COLLATE "C" NOT NULL CHECK (actor IN ('system', 'provider', 'customer', 'vendor', 'admin')),
    actor_id    uuid,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    -- The order's state after it, and what else belongs to the event. No address, no name: nothing to anonymise.
    data        jsonb NOT NULL,
    -- Hashed by the random end of the order's id; 16 of them, see event_partitions.
    partition   smallint NOT NULL GENERATED ALWAYS AS ((get_byte(uuid_send(order_id), 15) & 15)::smallint) STORED,
    -- Given at publishing, within the partition, without gaps. Whoever reads `sequence > last` misses nothing.
    sequence    bigint,
    -- No foreign key: nobody deletes orders, and the check would cost every order placed.
    PRIMARY KEY (order_id, version),
    CONSTRAINT order_events_users_act CHECK ((actor IN ('customer', 'vendor', 'admin')) = (actor_id IS NOT NULL))
);

CREATE INDEX order_events_unpublished ON order_events (partition, order_id, version) WHERE sequence IS NULL;
CREATE UNIQUE INDEX order_events_published ON order_events (partition, sequence) WHERE sequence IS NOT NULL;

-- Who may publish, and how far it got: taking a partition raises `fence`, and every write of the taker names it.
CREATE TABLE event_partitions (
    partition     smallint PRIMARY KEY CHECK (partition BETWEEN 0 AND 15),
    fence         bigint NOT NULL DEFAULT 0,
    leased_until  timestamptz NOT NULL DEFAULT '-infinity',
    last_sequence bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

INSERT INTO event_partitions (partition) SELECT generate_series(0, 15);

-- The events that the release before did not write: its orders have versions 1 (placed) and 2 (confirmed or cancelled).
INSERT INTO order_events (order_id, version, event_type, actor, actor_id, occurred_at, data)
SELECT orders.id, missing.version,
       CASE WHEN missing.version = 1 THEN 'order.created'
            WHEN orders.status = 'cancelled' THEN 'order.shortfall'
            ELSE 'order.confirmed' END,
       CASE WHEN missing.version = 1 THEN 'customer' ELSE 'system' END,
       CASE WHEN missing.version = 1 THEN orders.user_id END,
       CASE WHEN missing.version = 1 THEN orders.created_at ELSE orders.updated_at END,
       CASE WHEN missing.version = 1
            THEN jsonb_build_object('status', 'pending', 'payment_status', 'unpaid', 'fulfillment_status', 'unfulfilled',
                                    'user_id', orders.user_id, 'currency', orders.currency, 'total_minor', orders.total_minor)
            ELSE jsonb_strip_nulls(jsonb_build_object(
                'status', orders.status, 'payment_status', orders.payment_status,
                'fulfillment_status', orders.fulfillment_status, 'cancel_reason', orders.cancel_reason))
       END
FROM orders CROSS JOIN LATERAL generate_series(1, orders.version) AS missing (version)
ORDER BY orders.id, missing.version;

-- One event a version: what is not so. The release before writes no events; `work` fills in what it left out, and
-- until then its orders are here. Audits expect this to be empty.
CREATE VIEW order_event_gaps AS
SELECT orders.id AS order_id, orders.version, count(events.version) AS events, max(events.version) AS last_event
FROM orders LEFT JOIN order_events AS events ON events.order_id = orders.id
GROUP BY orders.id, orders.version
HAVING count(events.version) <> orders.version OR max(events.version) IS DISTINCT FROM orders.version
UNION ALL
SELECT events.order_id, 0, count(*), max(events.version)
FROM order_events AS events
WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = events.order_id)
GROUP BY events.order_id;
