-- What was done to accounts and roles by others than their owners: appended in the transaction of the change.
-- It has ids and names of fields, no e-mail address and no name, so that nothing is left to anonymise.
CREATE TABLE audit_log (
    -- UUIDv7: sorted by time.
    id          uuid PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    -- The user who acted, and the session or the API key that was used.
    actor_id    uuid NOT NULL,
    session_id  uuid NOT NULL,
    action      text COLLATE "C" NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    -- The id of a user or of an API key, or the name of a role.
    target      text COLLATE "C" NOT NULL,
    data        jsonb NOT NULL
);

CREATE INDEX audit_log_actor_id ON audit_log (actor_id, id);
CREATE INDEX audit_log_target ON audit_log (target, id);

CREATE FUNCTION refuse_rewriting_the_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;

CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_the_audit_log();
