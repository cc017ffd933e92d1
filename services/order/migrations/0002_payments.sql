-- Money: until when an order must be paid, its payments and refunds, and the steps that a saga takes besides committing
-- a hold. The release before goes on writing beside it: it leaves the new columns at their defaults.

ALTER TABLE orders
    -- NULL: there is nothing to pay here.
    ADD COLUMN pay_by timestamptz,
    -- The wish; the saga acts on it (ORDERS 19).
    ADD COLUMN cancel_requested_at timestamptz,
    ADD COLUMN cancel_requested_by uuid,
    -- Its units in product, as far as the saga knows. The release before writes nothing here: an order that it confirmed
    -- still says 'held' and means 'committed'.
    ADD COLUMN hold text COLLATE "C" NOT NULL DEFAULT 'held' CHECK (hold IN ('held', 'committed', 'released', 'lost')),
    DROP CONSTRAINT orders_cancel_reason_check,
    ADD CONSTRAINT orders_cancel_reason_known CHECK (cancel_reason IN ('shortfall', 'requested', 'expired')),
    ADD CONSTRAINT orders_cancel_requested_by_somebody
        CHECK ((cancel_requested_at IS NULL) = (cancel_requested_by IS NULL));

-- Empty where nothing is paid here.
CREATE INDEX orders_unpaid ON orders (user_id) WHERE pay_by IS NOT NULL AND status = 'pending';
CREATE INDEX orders_to_expire ON orders (pay_by)
    WHERE pay_by IS NOT NULL AND status IN ('pending', 'confirmed') AND payment_status IN ('unpaid', 'failed');
CREATE INDEX orders_to_cancel ON orders (id)
    WHERE cancel_requested_at IS NOT NULL AND status IN ('pending', 'confirmed');

-- Few at any time: cancelled orders whose money is still to go back, or was refused to.
CREATE INDEX orders_owed ON orders (id)
    WHERE status = 'cancelled' AND payment_status IN ('authorized', 'paid', 'partially_refunded');

CREATE TABLE payments (
    id                   uuid PRIMARY KEY,
    order_id             uuid NOT NULL REFERENCES orders (id),
    -- Whose order it is.
    user_id              uuid NOT NULL,
    provider             text COLLATE "C" NOT NULL,
    method               text COLLATE "C" NOT NULL,
    capture              text COLLATE "C" NOT NULL CHECK (capture IN ('automatic', 'manual')),
    currency             text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor         bigint NOT NULL CHECK (amount_minor > 0),
    status               text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (status IN
                         ('pending', 'authorized', 'captured', 'partially_refunded', 'refunded', 'failed', 'voided')),
    -- Committed before the provider is called; the opposite waits for its result (ORDERS 19).
    decision             text COLLATE "C" CHECK (decision IN ('capture', 'void')),
    authorized_minor     bigint NOT NULL DEFAULT 0 CHECK (authorized_minor BETWEEN 0 AND amount_minor),
    captured_minor       bigint NOT NULL DEFAULT 0 CHECK (captured_minor >= 0),
    refund_pending_minor bigint NOT NULL DEFAULT 0 CHECK (refund_pending_minor >= 0),
    refunded_minor       bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    provider_reference   text,
    -- Why the provider refused.
    refusal              text,
    note                 text,
    -- The hold was extended for this payment.
    secured              boolean NOT NULL DEFAULT false,
    -- The provider was asked, and its answer is not known or not final.
    asked                boolean NOT NULL DEFAULT false,
    version              bigint NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    -- ORDERS 20
    CONSTRAINT payments_captured_was_authorized CHECK (captured_minor <= authorized_minor),
    CONSTRAINT payments_refunded_was_captured CHECK (refunded_minor + refund_pending_minor <= captured_minor),
    CONSTRAINT payments_status_fits_amounts CHECK (CASE status
        WHEN 'pending' THEN captured_minor = 0 AND authorized_minor = 0
        WHEN 'authorized' THEN captured_minor = 0 AND authorized_minor > 0
        WHEN 'captured' THEN captured_minor > 0 AND refunded_minor = 0
        WHEN 'partially_refunded' THEN refunded_minor > 0 AND refunded_minor < captured_minor
        WHEN 'refunded' THEN refunded_minor > 0 AND refunded_minor = captured_minor
        ELSE captured_minor = 0 END)
);

-- One live payment an order, and so one capture an order.
CREATE UNIQUE INDEX payments_live ON payments (order_id) WHERE status NOT IN ('failed', 'voided');
CREATE INDEX payments_of_order ON payments (order_id);
CREATE INDEX payments_of_user ON payments (user_id, created_at DESC, id DESC);
CREATE INDEX payments_by_status ON payments (status, created_at DESC, id DESC);
CREATE INDEX payments_by_time ON payments (created_at DESC, id DESC);
-- What a saga must not leave behind.
CREATE INDEX payments_unsettled ON payments (order_id)
    WHERE status = 'pending' OR (status = 'authorized' AND decision IS NOT NULL) OR refund_pending_minor > 0;

CREATE TABLE refunds (
    id           uuid PRIMARY KEY,
    payment_id   uuid NOT NULL REFERENCES payments (id),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    status       text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'failed')),
    cause        text COLLATE "C" NOT NULL CHECK (cause IN ('requested', 'cancelled', 'returned')),
    -- In the words of whoever asked for it.
    reason       text,
    refusal      text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX refunds_of_payment ON refunds (payment_id, created_at, id);
-- A cancelled order is refunded once.
CREATE UNIQUE INDEX refunds_of_cancellation ON refunds (payment_id) WHERE cause = 'cancelled';

ALTER TABLE sagas
    -- How far the saga has extended the hold; NULL: it has not.
    ADD COLUMN hold_until timestamptz,
    DROP CONSTRAINT sagas_step_check,
    ADD CONSTRAINT sagas_step_known CHECK (step IN
        ('extend_hold', 'authorise', 'commit_hold', 'capture', 'void', 'refund', 'release_hold', 'write', 'wait'));

ALTER TABLE idempotency_keys
    -- What else than the order the request made or changed: a payment, a refund.
    ADD COLUMN resource_id uuid;
