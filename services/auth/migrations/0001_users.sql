-- People, and what they may be.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL CONSTRAINT users_email_key UNIQUE
        CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
    username text COLLATE "C" CONSTRAINT users_username_key UNIQUE
        CHECK (username ~ '^[a-z0-9][a-z0-9._-]{2,31}$'),
    full_name text NOT NULL CHECK (char_length(full_name) BETWEEN 1 AND 200),
    roles text[] NOT NULL
        CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['customer', 'vendor', 'admin']),
    -- A PHC string: the parameters are those of the day it was made.
    password_hash text NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    -- Of what a client may edit: the ETag.
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX users_admins ON users (id) WHERE 'admin' = ANY (roles);
