-- Units that an order had committed and that are not there: somebody counted, and insisted.
CREATE TABLE shortfalls (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CONSTRAINT shortfalls_lack_something CHECK (quantity > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When the order service had dealt with it. Read by this, not by a position: a row that commits late is not missed.
    settled_at timestamptz
);
CREATE INDEX shortfalls_open ON shortfalls (created_at, id) WHERE settled_at IS NULL;

-- Who has units of a SKU, the newest first: order ids are in the order of time.
CREATE INDEX hold_lines_of_sku ON hold_lines (sku, order_id);
-- Holds that ended without being committed, so that the index costs the others nothing.
CREATE INDEX holds_ended ON holds (state, order_id) WHERE state IN ('released', 'expired', 'lost');
