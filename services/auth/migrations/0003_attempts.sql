-- How often an account was tried within a window. The identifier is a keyed hash: no e-mail address stands here.
CREATE TABLE attempts (
    identifier_hash bytea PRIMARY KEY CHECK (octet_length(identifier_hash) = 32),
    window_started_at timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 0)
);

CREATE INDEX attempts_window_started_at ON attempts (window_started_at);
