-- Finding users: by what an e-mail address, a username or a name begins with, and by status. And the audit log by action.

-- A text as searches compare it: letter case and compatibility forms folded, which turns other spaces into common ones, and
-- spaces between words single.
CREATE FUNCTION search_text(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(lower(normalize($1, NFKC) COLLATE "und-x-icu") COLLATE "C", ' +', ' ', 'g'))
$$;

-- What a user can be found by: the e-mail address, its domain, the username, and the name from each of its first ten words on.
CREATE FUNCTION search_terms(email text, username text, full_name text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(search_text(email), 100)
    UNION SELECT left(search_text(split_part(email, '@', 2)), 100)
    UNION SELECT left(search_text(username), 100) WHERE username IS NOT NULL
    UNION SELECT left(array_to_string(words[first:], ' '), 100)
    FROM (SELECT string_to_array(search_text(full_name), ' ') AS words) AS name,
        generate_series(1, least(10, cardinality(words))) AS first
$$;

-- The writes of the release before, which knows no terms, wait until they are copied.
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE user_terms (
    term    text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL
);

INSERT INTO user_terms (term, user_id)
SELECT term, users.id FROM users, search_terms(users.email, users.username, users.full_name) AS term;

-- After the rows, since an index is made faster than it grows.
ALTER TABLE user_terms ADD PRIMARY KEY (term, user_id);
CREATE INDEX user_terms_user_id ON user_terms (user_id, term);
ALTER TABLE user_terms ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;

-- A trigger, so that the release before and every later change of a user keep the terms.
CREATE FUNCTION keep_user_terms() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    terms text[] := ARRAY(SELECT search_terms(NEW.email, NEW.username, NEW.full_name));
BEGIN
    DELETE FROM user_terms WHERE user_id = NEW.id AND term <> ALL (terms);
    INSERT INTO user_terms (term, user_id) SELECT unnest(terms), NEW.id ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER users_created_terms AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION keep_user_terms();
CREATE TRIGGER users_changed_terms AFTER UPDATE ON users FOR EACH ROW
WHEN ((OLD.email, OLD.username, OLD.full_name) IS DISTINCT FROM (NEW.email, NEW.username, NEW.full_name))
EXECUTE FUNCTION keep_user_terms();

CREATE INDEX users_status ON users (status, id);
CREATE INDEX audit_log_action ON audit_log (action, id);

-- Last, since no other transaction reads users from here on.
ALTER TABLE users
    DROP CONSTRAINT users_status_check,
    ADD CONSTRAINT users_status_check CHECK (status IN ('active', 'suspended', 'pending', 'deleted'));
