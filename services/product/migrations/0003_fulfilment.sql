-- What became of the units of a line once its hold is committed: shipped, come back, or given back. Old rows and the
-- release before have none of it.
ALTER TABLE hold_lines
    ADD COLUMN shipped bigint NOT NULL DEFAULT 0 CONSTRAINT hold_lines_shipped_not_negative CHECK (shipped >= 0),
    ADD COLUMN returned bigint NOT NULL DEFAULT 0 CONSTRAINT hold_lines_returned_not_negative CHECK (returned >= 0),
    -- Allocated units that went back without leaving the shelf.
    ADD COLUMN released bigint NOT NULL DEFAULT 0 CONSTRAINT hold_lines_released_not_negative CHECK (released >= 0),
    ADD CONSTRAINT hold_lines_end_once CHECK (shipped + released <= quantity),
    ADD CONSTRAINT hold_lines_return_what_left CHECK (returned <= shipped),
    -- Room for the counters, so that updates stay HOT.
    SET (fillfactor = 90);

-- Parcels that left or came back, so that telling of one twice moves its units once.
CREATE TABLE parcels (
    kind text COLLATE "C" NOT NULL CONSTRAINT parcels_kind_known CHECK (kind IN ('shipment', 'return')),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    -- Of the order and the lines: the same id with other content is another's.
    fingerprint bytea NOT NULL CONSTRAINT parcels_fingerprint_length CHECK (octet_length(fingerprint) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, id)
);
