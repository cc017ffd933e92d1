-- The books of the mock provider. It stands for a foreign system: nothing here refers to the shop's tables, and no
-- transaction of the shop writes here. What the audit compares payments with is mock_provider_ledger.

-- A payment that it heard of: the row that every operation on it locks.
CREATE TABLE mock_provider_payments (
    payment_id uuid PRIMARY KEY,
    reference  text COLLATE "C" NOT NULL UNIQUE
);

-- One row an idempotency key.
CREATE TABLE mock_provider_operations (
    key          text COLLATE "C" PRIMARY KEY,
    payment_id   uuid NOT NULL REFERENCES mock_provider_payments (payment_id),
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('authorise', 'capture', 'void', 'refund')),
    refund_id    uuid,
    order_id     uuid,
    method       text COLLATE "C",
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency     text COLLATE "C" NOT NULL,
    -- Why it was refused; else it is done, from `result_at` on.
    refused      text COLLATE "C",
    result_at    timestamptz NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mock_provider_refunds_have_ids CHECK ((kind = 'refund') = (refund_id IS NOT NULL)),
    CONSTRAINT mock_provider_charges_have_methods CHECK ((kind = 'authorise') = (method IS NOT NULL AND order_id IS NOT NULL))
);

CREATE INDEX mock_provider_operations_of_payment ON mock_provider_operations (payment_id);

-- What it still has to tell the shop.
CREATE TABLE mock_provider_webhooks (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    payment_id   uuid NOT NULL REFERENCES mock_provider_payments (payment_id),
    event_type   text COLLATE "C" NOT NULL,
    due_at       timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    given_up_at  timestamptz
);

CREATE INDEX mock_provider_webhooks_due ON mock_provider_webhooks (due_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;

-- The money that moved or is set aside, a row a payment.
CREATE VIEW mock_provider_ledger AS
SELECT payment_id,
       max(order_id::text)::uuid AS order_id,
       max(currency) AS currency,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'authorise'), 0)::bigint AS authorized_minor,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'capture'), 0)::bigint AS captured_minor,
       count(*) FILTER (WHERE kind = 'capture') AS captures,
       count(*) FILTER (WHERE kind = 'void') > 0 AS voided,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunded_minor
FROM mock_provider_operations
WHERE refused IS NULL AND result_at <= now()
GROUP BY payment_id;
