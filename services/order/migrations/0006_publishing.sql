-- Numbers of events move to a table of their own, and what has no number yet waits in a queue: giving a number used to
-- rewrite the event's row and its indexes, which cost as much as writing the event (docs/adr/0005-one-table-of-events.md).

-- The queue. No index: the relay reads it from end to end and leaves it short.
CREATE TABLE unpublished_events (
    partition smallint NOT NULL,
    order_id  uuid NOT NULL,
    version   bigint NOT NULL
);

CREATE TABLE published_events (
    partition smallint NOT NULL,
    -- Within the partition, without gaps. Whoever reads `sequence > last` misses nothing.
    sequence  bigint NOT NULL,
    order_id  uuid NOT NULL,
    version   bigint NOT NULL,
    PRIMARY KEY (partition, sequence)
);

INSERT INTO unpublished_events (partition, order_id, version)
SELECT partition, order_id, version FROM order_events WHERE sequence IS NULL;
INSERT INTO published_events (partition, sequence, order_id, version)
SELECT partition, sequence, order_id, version FROM order_events WHERE sequence IS NOT NULL ORDER BY partition, sequence;

-- With its indexes.
ALTER TABLE order_events DROP COLUMN sequence;

-- Whoever writes an event, it is queued in the same transaction.
CREATE FUNCTION queue_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unpublished_events (partition, order_id, version) SELECT partition, order_id, version FROM written;
    RETURN NULL;
END
$$;

CREATE TRIGGER order_events_are_queued AFTER INSERT ON order_events
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION queue_events();
