-- Roles as data. What the three built-in ones permit is decided by the code of each release, so that a release may add a
-- permission; what a custom role permits is stored here.
CREATE TABLE roles (
    name        text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_-]{1,31}$'),
    description text NOT NULL CHECK (char_length(description) <= 200),
    -- Names of permissions, such as orders:read:own; null for built-in roles.
    permissions text[],
    built_in    boolean NOT NULL DEFAULT false,
    -- Of what a client may edit: the ETag.
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (built_in = (permissions IS NULL))
);

INSERT INTO roles (name, description, built_in) VALUES
    ('customer', 'Buys in the shop.', true),
    ('vendor', 'Sells own products in the shop.', true),
    ('admin', 'Administers the shop.', true);

-- Who holds which role. It follows users.roles, which releases write, so that the database decides whether a role exists and
-- whether it is in use, and so that the holders of a role are found by an index.
CREATE TABLE user_roles (
    user_id uuid NOT NULL,
    role    text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, role)
);

CREATE FUNCTION follow_users_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM user_roles WHERE user_id = NEW.id AND role <> ALL (NEW.roles);
    INSERT INTO user_roles (user_id, role) SELECT DISTINCT NEW.id, unnest(NEW.roles) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- This locks the users against writes until the migration ends: none is written between the trigger and the copy.
CREATE TRIGGER users_roles_set AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION follow_users_roles();
CREATE TRIGGER users_roles_changed AFTER UPDATE OF roles ON users FOR EACH ROW
WHEN (OLD.roles <> NEW.roles) EXECUTE FUNCTION follow_users_roles();

INSERT INTO user_roles (user_id, role) SELECT DISTINCT id, unnest(roles) FROM users;

-- After the copy: one pass over the rows, not a lookup for each.
ALTER TABLE user_roles
    ADD CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE,
    ADD CONSTRAINT user_roles_role_fkey FOREIGN KEY (role) REFERENCES roles;

CREATE INDEX user_roles_role ON user_roles (role, user_id);

-- Last, since it locks the users against reads too.
ALTER TABLE users
    DROP CONSTRAINT users_roles_check,
    ADD CONSTRAINT users_roles_count CHECK (cardinality(roles) BETWEEN 1 AND 10);
