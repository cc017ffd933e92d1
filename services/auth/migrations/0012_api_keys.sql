-- Keys that programs present in place of a login. Only a hash is kept: the key is random, so a plain SHA-256 suffices.
CREATE TABLE api_keys (
    -- UUIDv7: sorted by time. Access tokens carry it as their session.
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    secret_hash  bytea NOT NULL CONSTRAINT api_keys_secret_hash_key UNIQUE CHECK (octet_length(secret_hash) = 32),
    -- The end of the key's text, by which its owner recognizes it.
    hint         text COLLATE "C" NOT NULL CHECK (char_length(hint) = 4),
    -- Names of permissions, such as `orders:read:own`.
    permissions  text[] COLLATE "C" NOT NULL CHECK (cardinality(permissions) BETWEEN 1 AND 200),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
    -- Written at most once a minute.
    last_used_at timestamptz,
    revoked_at   timestamptz,
    -- The key is live before this time.
    ends_at      timestamptz NOT NULL GENERATED ALWAYS AS (least(revoked_at, expires_at)) STORED
);

CREATE INDEX api_keys_user_id ON api_keys (user_id, id);
CREATE INDEX api_keys_ends_at ON api_keys (ends_at);

-- In the feed a key is a session, so that every service refuses its tokens. Triggers, so that no way of ending a key can
-- forget the feed.
CREATE TRIGGER api_keys_revoked AFTER UPDATE OF revoked_at ON api_keys FOR EACH ROW
WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION revoke_session();

CREATE TRIGGER api_keys_deleted AFTER DELETE ON api_keys FOR EACH ROW
WHEN (OLD.revoked_at IS NULL) EXECUTE FUNCTION revoke_session();
