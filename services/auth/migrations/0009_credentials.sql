-- One-time tokens that are sent to e-mail addresses, and what they confirm.

-- Null until the user has shown that they read messages to this address.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;
-- How often the hash was renewed with other parameters while the password stayed the same.
ALTER TABLE users ADD COLUMN hash_renewals integer NOT NULL DEFAULT 0;

-- Any change of a hash is a change of the password, except in a statement that says that it renews the hash. So a statement
-- that says nothing, such as one of an earlier release or of an administrator in psql, still ends the tokens of the account.
CREATE OR REPLACE TRIGGER users_changed BEFORE UPDATE ON users FOR EACH ROW
WHEN (OLD.roles <> NEW.roles OR OLD.status <> NEW.status
    OR (OLD.password_hash <> NEW.password_hash AND OLD.hash_renewals = NEW.hash_renewals))
EXECUTE FUNCTION raise_token_epoch();

-- A token is derived from the id of its row and the server's key, so that the sender of a message can derive it and no
-- table holds it. A used token is deleted, except one side of a change of the e-mail address, which waits for the other.
CREATE TABLE account_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose text COLLATE "C" NOT NULL
        CHECK (purpose IN ('password_reset', 'email_verification', 'email_change_old', 'email_change_new')),
    -- The address that it is sent to.
    email text COLLATE "C" NOT NULL,
    new_email text COLLATE "C",
    token_hash bytea NOT NULL CONSTRAINT account_tokens_token_hash_key UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    -- A new token replaces the earlier one: an account has at most four.
    CONSTRAINT account_tokens_purpose_key UNIQUE (user_id, purpose),
    CHECK ((new_email IS NOT NULL) = (purpose IN ('email_change_old', 'email_change_new'))),
    CHECK (confirmed_at IS NULL OR new_email IS NOT NULL)
);

CREATE INDEX account_tokens_expires_at ON account_tokens (expires_at);
