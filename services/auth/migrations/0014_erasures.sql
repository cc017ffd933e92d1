-- Deleted users whom other services have to forget (ORDERS 28): a row for each service until it reports that it has.
-- No reference to users: a row of users that an operator deletes does not delete what other services have of the person.
CREATE TABLE erasures (
    user_id      uuid NOT NULL,
    service      text COLLATE "C" NOT NULL CHECK (service ~ '^[a-z]+$'),
    -- The deletion of the user.
    requested_at timestamptz NOT NULL DEFAULT now(),
    due_at       timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    PRIMARY KEY (user_id, service)
);

CREATE INDEX erasures_due_at ON erasures (service, due_at, user_id) WHERE completed_at IS NULL;
CREATE INDEX erasures_completed_at ON erasures (completed_at) WHERE completed_at IS NOT NULL;
