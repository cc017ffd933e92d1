-- Entries of the audit log that auth does not have yet: written in the transaction of the change, deleted once auth has them.
CREATE TABLE audit_outbox (
    -- UUIDv7: sorted by time.
    id          uuid PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    -- Later than now for an entry that auth has refused.
    due_at      timestamptz NOT NULL DEFAULT now(),
    actor_id    uuid NOT NULL,
    session_id  uuid NOT NULL,
    action      text NOT NULL CONSTRAINT audit_outbox_action_has_its_form CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    target      text NOT NULL,
    data        jsonb NOT NULL
);

CREATE INDEX audit_outbox_due ON audit_outbox (due_at, id);
