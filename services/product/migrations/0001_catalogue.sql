-- What is for sale. Stock stands beside it, in tables of its own.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE products (
    id uuid PRIMARY KEY,
    vendor_id uuid NOT NULL,
    -- Never given out again, not even after a deletion: stock, holds and orders go by it.
    sku text COLLATE "C" NOT NULL CONSTRAINT products_sku_unique UNIQUE
        CONSTRAINT products_sku_form CHECK (sku ~ '^[A-Z0-9._-]{1,64}$'),
    slug text COLLATE "C" NOT NULL
        CONSTRAINT products_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 100),
    name text NOT NULL CONSTRAINT products_name_length CHECK (length(name) BETWEEN 1 AND 200),
    description text NOT NULL DEFAULT '' CONSTRAINT products_description_length CHECK (length(description) <= 10000),
    -- Minor units of the shop's one currency.
    price_minor bigint NOT NULL CONSTRAINT products_price_sane CHECK (price_minor BETWEEN 0 AND 100000000000),
    category text CONSTRAINT products_category_length CHECK (length(category) BETWEEN 1 AND 100),
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT products_metadata_object CHECK (jsonb_typeof(metadata) = 'object'),
    status text COLLATE "C" NOT NULL CONSTRAINT products_status_known CHECK (status IN ('draft', 'active', 'disabled')),
    -- Of what a client may edit; stock is not part of it.
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    search_text text NOT NULL GENERATED ALWAYS AS (sku || ' ' || name || ' ' || description) STORED
);

-- A slug is free again once its product is deleted.
CREATE UNIQUE INDEX products_slug_unique ON products (slug) WHERE deleted_at IS NULL;
-- One for each sort that the lists offer.
CREATE INDEX products_by_age ON products (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_by_price ON products (price_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX products_by_name ON products (name, id) WHERE deleted_at IS NULL;
CREATE INDEX products_of_vendor ON products (vendor_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_of_vendor_by_sku ON products (vendor_id, sku) WHERE deleted_at IS NULL;
CREATE INDEX products_search ON products USING gin (search_text gin_trgm_ops) WHERE deleted_at IS NULL;

-- Answers of requests that carried an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotency_keys (
    principal uuid NOT NULL,
    operation text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL CONSTRAINT idempotency_keys_fingerprint_length CHECK (octet_length(fingerprint) = 32),
    -- Empty only inside the transaction that answers.
    status smallint,
    location text,
    etag bigint,
    body text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, operation, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
