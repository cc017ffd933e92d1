-- What other services must know of access tokens before these expire: sessions that ended, and users whose tokens
-- of a lower epoch count no more. Kept until every such token has expired.
CREATE TABLE revocations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id uuid,
    user_id uuid,
    epoch bigint,
    -- Late in its transaction, so that little time passes until others can see it.
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((session_id IS NULL) <> (user_id IS NULL)),
    CHECK ((user_id IS NULL) = (epoch IS NULL))
);

CREATE INDEX revocations_recorded_at ON revocations (recorded_at);

-- Access tokens carry it.
ALTER TABLE users ADD COLUMN token_epoch bigint NOT NULL DEFAULT 0;

-- Triggers, so that no way of ending a session or of changing what somebody may do can forget the feed.
CREATE FUNCTION revoke_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revocations (session_id) VALUES (OLD.id);
    RETURN NULL;
END $$;

CREATE TRIGGER sessions_ended AFTER UPDATE OF ended_at ON sessions FOR EACH ROW
WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION revoke_session();

CREATE FUNCTION raise_token_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revocations (user_id, epoch) VALUES (OLD.id, OLD.token_epoch + 1);
    IF TG_OP = 'UPDATE' THEN
        NEW.token_epoch := OLD.token_epoch + 1;
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER users_changed BEFORE UPDATE ON users FOR EACH ROW
WHEN (OLD.roles <> NEW.roles OR OLD.status <> NEW.status OR OLD.password_hash <> NEW.password_hash)
EXECUTE FUNCTION raise_token_epoch();

CREATE TRIGGER users_deleted BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION raise_token_epoch();
