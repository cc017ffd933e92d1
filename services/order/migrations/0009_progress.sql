-- A saga that is tried again and again and comes to nothing is stuck, however far its deadline: with a payment window of
-- a quarter of an hour that is late. The release before leaves the column alone; what it moves on counts from when the
-- saga was written.

ALTER TABLE sagas
    -- When it last came further, or the provider last said that it is at work.
    ADD COLUMN progressed_at timestamptz NOT NULL DEFAULT now();

-- The one owner of what `stuck` means. Waiting for a customer or a parcel is not.
CREATE FUNCTION is_stuck(saga sagas) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT saga.finished_at IS NULL
        AND (saga.deadline < now() OR (saga.step <> 'wait' AND saga.progressed_at < now() - interval '2 minutes'))
$$;

CREATE OR REPLACE VIEW stuck_sagas AS
SELECT order_id, step, attempts, due_at, deadline, last_error, created_at
FROM sagas
WHERE is_stuck(sagas);

-- Few at any time: requests to cancel that have not come to their end. One that came too late ends with an event.
CREATE INDEX orders_with_open_cancellation ON orders (id)
    WHERE cancel_requested_at IS NOT NULL AND status IN ('pending', 'confirmed', 'completed');
