-- Metadata as it was sent: jsonb prints numbers in full, so that 1e19 came back as twenty digits. Empty in rows of the
-- release before, which goes on with `metadata`.
ALTER TABLE products ADD COLUMN metadata_as_sent json;
CREATE FUNCTION products_metadata_of_release_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.metadata_as_sent := NULL;
    RETURN NEW;
END
$$;
-- The release before changes `metadata` alone: what was sent earlier counts no longer.
CREATE TRIGGER products_metadata_of_release_before BEFORE UPDATE OF metadata ON products FOR EACH ROW
    WHEN (NEW.metadata <> OLD.metadata AND NEW.metadata_as_sent::text = OLD.metadata_as_sent::text)
    EXECUTE FUNCTION products_metadata_of_release_before();

-- For every sort of what the public sees, however much is hidden, and of what one vendor sells.
CREATE INDEX products_active_by_age ON products (created_at, id) WHERE deleted_at IS NULL AND status = 'active';
CREATE INDEX products_active_by_price ON products (price_minor, id) WHERE deleted_at IS NULL AND status = 'active';
CREATE INDEX products_active_by_name ON products (name, id) WHERE deleted_at IS NULL AND status = 'active';
CREATE INDEX products_of_vendor_by_price ON products (vendor_id, price_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX products_of_vendor_by_name ON products (vendor_id, name, id) WHERE deleted_at IS NULL;

-- Audits of stock that have ended; the newest is what every replica reports.
CREATE TABLE stock_audits (
    id uuid PRIMARY KEY,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    -- How many, and the first of them: [{"code","message","count"}].
    finding_count bigint NOT NULL CONSTRAINT stock_audits_findings_not_negative CHECK (finding_count >= 0),
    findings jsonb NOT NULL
);
CREATE INDEX stock_audits_by_age ON stock_audits (finished_at);

-- False once no unit of the line can be held or allocated any more: shipped, given up, or its hold has ended. The release
-- before does not write it, so that `true` may be out of date; whoever finds too little here looks at all lines.
-- Last, since from here on nobody else reads lines.
ALTER TABLE hold_lines ADD COLUMN is_open boolean NOT NULL DEFAULT true;
