-- The sessions of one user that have not ended, by age. First: while it is built, sessions are read, and only writes wait.
CREATE INDEX sessions_live ON sessions (user_id, id) WHERE ended_at IS NULL;

-- What the list of sessions shows: the device, the network, and when the session was last used. Null in sessions of the
-- release before.
ALTER TABLE sessions
    -- Made of the User-Agent: 'Firefox on Linux'.
    ADD COLUMN device_name text CHECK (char_length(device_name) BETWEEN 1 AND 100),
    ADD COLUMN last_used_at timestamptz,
    -- A network, never the address of one person.
    ADD COLUMN address cidr CHECK (masklen(address) = CASE family(address) WHEN 4 THEN 24 ELSE 48 END),
    DROP CONSTRAINT sessions_end_reason_check,
    ADD CONSTRAINT sessions_end_reason_check
        CHECK (end_reason IN ('logout', 'reuse', 'revoked', 'logout_all', 'password_changed', 'suspended'));
