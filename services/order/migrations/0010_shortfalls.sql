-- Units of committed orders that are not in stock after all: product tells of each, and here is what came of it.

ALTER TABLE order_items
    -- Will not be shipped.
    ADD COLUMN short integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_items_short_are_left CHECK (short >= 0 AND shipped + short <= quantity);

ALTER TABLE orders
    -- What the units cost that fell short, and how much of it was set aside to go back. Cancelled orders give back more.
    ADD COLUMN shortfall_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN shortfall_refunded_minor bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT orders_refund_what_fell_short
        CHECK (shortfall_refunded_minor >= 0 AND shortfall_refunded_minor <= shortfall_minor);

-- By product's ids: what is told again changes nothing.
CREATE TABLE order_shortfalls (
    id          uuid PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES orders (id),
    sku         text COLLATE "C" NOT NULL,
    quantity    bigint NOT NULL CHECK (quantity > 0),
    -- Units that the order still had to ship; of an order that has ended, or was shipped before, none.
    taken       integer NOT NULL CHECK (taken >= 0),
    recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX order_shortfalls_of_order ON order_shortfalls (order_id);
