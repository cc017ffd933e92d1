-- Whether the account has a confirmed second factor, in its own row: it is read with the roles, whose effect depends on it.
ALTER TABLE users ADD COLUMN mfa_enabled boolean NOT NULL DEFAULT false;

-- An app of the user that makes one-time codes (RFC 6238). It counts once the user has confirmed it with a code.
CREATE TABLE totp_factors (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Nonce, 20 bytes under AES-256-GCM, and tag; the key is derived from the server's own and is not in the database.
    secret bytea NOT NULL CHECK (octet_length(secret) = 48),
    confirmed_at timestamptz,
    -- The step of the last code that was accepted: no code of this step or an earlier one is accepted again.
    last_step bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Only hashes are kept. The codes end with the factor that they stand in for.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES totp_factors ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- A trigger, so that a factor which an operator of the database deletes is gone for logins and tokens, too.
CREATE FUNCTION copy_mfa_to_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- NEW is null after a deletion.
    UPDATE users SET mfa_enabled = NEW.confirmed_at IS NOT NULL WHERE id = OLD.user_id;
    RETURN NULL;
END $$;

CREATE TRIGGER totp_factors_confirmed AFTER UPDATE OF confirmed_at ON totp_factors FOR EACH ROW
WHEN ((OLD.confirmed_at IS NULL) <> (NEW.confirmed_at IS NULL)) EXECUTE FUNCTION copy_mfa_to_user();

CREATE TRIGGER totp_factors_deleted AFTER DELETE ON totp_factors FOR EACH ROW
WHEN (OLD.confirmed_at IS NOT NULL) EXECUTE FUNCTION copy_mfa_to_user();

-- Tokens of before grant what they granted until they expire, unless the epoch ends them.
CREATE TRIGGER users_mfa_changed BEFORE UPDATE ON users FOR EACH ROW
WHEN (OLD.mfa_enabled <> NEW.mfa_enabled) EXECUTE FUNCTION raise_token_epoch();
