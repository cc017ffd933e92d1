-- The vendor's side of orders: what is packed, shipped and delivered, and what comes back.

-- Which orders hold lines of a vendor, newest first: ids carry the time.
CREATE INDEX order_items_of_vendor ON order_items (vendor_id, order_id DESC);

-- How far the units of a line are. The release before leaves them at 0, and it ships nothing.
ALTER TABLE order_items
    -- In fulfilments that are not cancelled.
    ADD COLUMN allotted  integer NOT NULL DEFAULT 0,
    -- Gone, as product knows: its stock counts them as shipped.
    ADD COLUMN shipped   integer NOT NULL DEFAULT 0,
    ADD COLUMN delivered integer NOT NULL DEFAULT 0,
    -- In returns that are not rejected.
    ADD COLUMN returned  integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_items_units_add_up CHECK (
        returned >= 0 AND delivered >= 0 AND returned <= shipped AND delivered <= shipped
        AND shipped <= allotted AND allotted <= quantity);

-- A parcel. `shipping`: decided, and product is being told (by `work`, under a lease with a fence, as sagas are).
CREATE TABLE fulfillments (
    id              uuid PRIMARY KEY,
    order_id        uuid NOT NULL REFERENCES orders (id),
    status          text COLLATE "C" NOT NULL DEFAULT 'planned'
                    CHECK (status IN ('planned', 'shipping', 'shipped', 'delivered', 'cancelled')),
    carrier         text,
    tracking_number text,
    tracking_url    text,
    -- Why product did not let it go; it is planned again.
    refusal         text COLLATE "C",
    fence           bigint NOT NULL DEFAULT 0,
    attempts        integer NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL DEFAULT now(),
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    shipped_at      timestamptz,
    delivered_at    timestamptz
);

CREATE INDEX fulfillments_of_order ON fulfillments (order_id);
CREATE INDEX fulfillments_to_ship ON fulfillments (due_at) WHERE status = 'shipping';

-- Lines of the order by their position.
CREATE TABLE fulfillment_lines (
    fulfillment_id uuid NOT NULL REFERENCES fulfillments (id) ON DELETE CASCADE,
    position       smallint NOT NULL,
    sku            text COLLATE "C" NOT NULL,
    quantity       integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (fulfillment_id, position)
);

-- Goods that come back. `receiving`: they are here, and product and the payment are being told.
CREATE TABLE returns (
    id           uuid PRIMARY KEY,
    order_id     uuid NOT NULL REFERENCES orders (id),
    status       text COLLATE "C" NOT NULL DEFAULT 'requested'
                 CHECK (status IN ('requested', 'approved', 'receiving', 'received', 'rejected')),
    -- In the customer's words.
    reason       text,
    -- What the lines cost; given back when the goods are here, as far as a payment has it.
    refund_minor bigint NOT NULL CHECK (refund_minor >= 0),
    -- Why product did not take the goods back; it is approved again.
    refusal      text COLLATE "C",
    fence        bigint NOT NULL DEFAULT 0,
    attempts     integer NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL DEFAULT now(),
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX returns_of_order ON returns (order_id);
CREATE INDEX returns_to_receive ON returns (due_at) WHERE status = 'receiving';

CREATE TABLE return_lines (
    return_id uuid NOT NULL REFERENCES returns (id) ON DELETE CASCADE,
    position  smallint NOT NULL,
    sku       text COLLATE "C" NOT NULL,
    quantity  integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, position)
);
