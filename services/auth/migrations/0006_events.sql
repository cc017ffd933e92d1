-- The outbox: what happened to accounts, written in the transaction in which it happened.
-- It has ids, no e-mail address and no secret; a message's one-time token is derived from its id when the message is sent.
CREATE TABLE events (
    -- UUIDv7: what consumers deduplicate by.
    id          uuid PRIMARY KEY,
    event_type  text COLLATE "C" NOT NULL CHECK (event_type ~ '^[a-z_]+\.[a-z_]+$'),
    user_id     uuid NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    data        jsonb NOT NULL
);

CREATE INDEX events_user_id ON events (user_id, id);
