-- Units, who holds them, and how they came and went. The rules are ORDERS 1 to 13.

-- The hot row: no foreign key points here, and no index covers a counter, so that updates stay HOT.
CREATE TABLE stock (
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL DEFAULT 'main',
    -- Lines fill from the lowest first.
    priority smallint NOT NULL DEFAULT 0,
    on_hand bigint NOT NULL DEFAULT 0 CONSTRAINT stock_on_hand_sane CHECK (on_hand BETWEEN 0 AND 1000000000),
    held bigint NOT NULL DEFAULT 0 CONSTRAINT stock_held_not_negative CHECK (held >= 0),
    allocated bigint NOT NULL DEFAULT 0 CONSTRAINT stock_allocated_not_negative CHECK (allocated >= 0),
    low_stock_threshold bigint NOT NULL DEFAULT 5
        CONSTRAINT stock_threshold_sane CHECK (low_stock_threshold BETWEEN 0 AND 1000000000),
    -- Changes on crossings only, so that its index seldom does.
    low boolean NOT NULL GENERATED ALWAYS AS (on_hand - held - allocated <= low_stock_threshold) STORED,
    PRIMARY KEY (sku, location),
    CONSTRAINT stock_never_oversold CHECK (held + allocated <= on_hand)
) WITH (fillfactor = 50);
CREATE INDEX stock_low ON stock (sku) WHERE low;

-- Every change of on_hand; their sum is on_hand.
CREATE TABLE movements (
    id uuid PRIMARY KEY,
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL
        CONSTRAINT movements_kind_known CHECK (kind IN ('initial', 'set', 'adjustment', 'shipped', 'returned')),
    delta bigint NOT NULL CONSTRAINT movements_move CHECK (delta <> 0),
    on_hand_after bigint NOT NULL CONSTRAINT movements_after_not_negative CHECK (on_hand_after >= 0),
    reason text,
    -- The order that units left for or came back from.
    order_id uuid,
    -- The user who did it; empty when a service did.
    actor uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX movements_of_sku ON movements (sku, created_at, id);

CREATE FUNCTION movements_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'movements are append-only';
END
$$;
CREATE TRIGGER movements_append_only BEFORE UPDATE OR DELETE ON movements
    FOR EACH ROW EXECUTE FUNCTION movements_are_append_only();

-- A reservation of one order, found again by the buyer's request. A row without a request is a tombstone:
-- the order was released before its reservation arrived.
CREATE TABLE holds (
    order_id uuid PRIMARY KEY,
    request_key bytea CONSTRAINT holds_request_unique UNIQUE,
    fingerprint bytea,
    state text COLLATE "C" NOT NULL
        CONSTRAINT holds_state_known CHECK (state IN ('held', 'committed', 'released', 'expired', 'lost')),
    total_minor bigint NOT NULL DEFAULT 0 CONSTRAINT holds_total_not_negative CHECK (total_minor >= 0),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When it left the state `held`.
    ended_at timestamptz,
    CONSTRAINT holds_request_whole CHECK (
        (request_key IS NULL AND fingerprint IS NULL AND state = 'released')
        OR (octet_length(request_key) = 32 AND octet_length(fingerprint) = 32)
    ),
    CONSTRAINT holds_end_with_a_time CHECK ((state = 'held') = (ended_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX holds_running ON holds (expires_at) WHERE state = 'held';

-- Written once with its hold and never changed.
CREATE TABLE hold_lines (
    order_id uuid NOT NULL,
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    -- The place of its SKU among the lines of the order.
    line smallint NOT NULL,
    quantity bigint NOT NULL CONSTRAINT hold_lines_hold_something CHECK (quantity > 0),
    product_id uuid NOT NULL,
    vendor_id uuid NOT NULL,
    name text NOT NULL,
    unit_price_minor bigint NOT NULL CONSTRAINT hold_lines_price_not_negative CHECK (unit_price_minor >= 0),
    PRIMARY KEY (order_id, sku, location)
);
