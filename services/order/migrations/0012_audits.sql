-- Audits of orders that have ended; the newest is what every replica reports.
CREATE TABLE order_audits (
    id            uuid PRIMARY KEY,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz NOT NULL,
    -- How many, and the first of them: [{"code","message","count"}].
    finding_count bigint NOT NULL CONSTRAINT order_audits_findings_not_negative CHECK (finding_count >= 0),
    findings      jsonb NOT NULL
);
CREATE INDEX order_audits_by_age ON order_audits (finished_at);
