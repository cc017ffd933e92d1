-- The payments of the orders behind $1 and up to $2, against their orders, their refunds and the provider's ledger, in
-- one snapshot: a row for everything that does not add up. $3: seconds after which what is owed should have moved.
WITH chunk AS MATERIALIZED (
    SELECT id, status, payment_status, fulfillment_status, pay_by, total_minor, shortfall_minor, shortfall_refunded_minor, updated_at,
           NOT EXISTS (SELECT FROM sagas WHERE sagas.order_id = orders.id AND finished_at IS NULL) AS resting,
           EXISTS (SELECT FROM order_items WHERE order_items.order_id = orders.id AND shipped > 0)
               OR EXISTS (SELECT FROM fulfillments WHERE fulfillments.order_id = orders.id AND fulfillments.status = 'shipping') AS shipped
    FROM orders WHERE id > $1 AND id <= $2
), money AS MATERIALIZED (
    SELECT payments.id, payments.order_id, payments.provider, payments.status, payments.decision, payments.amount_minor,
           payments.captured_minor, payments.refund_pending_minor, payments.refunded_minor,
           COALESCE(refunds.done, 0) AS done, COALESCE(refunds.open, 0) AS open, COALESCE(refunds.refused, 0) AS refused,
           COALESCE(refunds.instead, 0) AS instead,
           COALESCE(ledger.authorized_minor, 0) AS provider_authorized, COALESCE(ledger.captured_minor, 0) AS provider_captured,
           COALESCE(ledger.refunded_minor, 0) AS provider_refunded, COALESCE(ledger.voided, false) AS provider_voided,
           COALESCE(ledger.captures, 0) AS captures
    FROM payments
    LEFT JOIN LATERAL (
        SELECT sum(amount_minor) FILTER (WHERE status = 'succeeded') AS done,
               sum(amount_minor) FILTER (WHERE status = 'pending') AS open,
               -- What the shop owes; what an admin gave of its own accord was refused to that admin.
               sum(amount_minor) FILTER (WHERE status = 'failed' AND (cause <> 'requested' OR reason = 'shortfall')) AS refused,
               sum(amount_minor) FILTER (WHERE status <> 'failed' AND created_at > first.at) AS instead
        FROM refunds CROSS JOIN (
            SELECT min(created_at) AS at FROM refunds AS failed WHERE failed.payment_id = payments.id AND failed.status = 'failed'
        ) AS first
        WHERE refunds.payment_id = payments.id
    ) AS refunds ON true
    LEFT JOIN LATERAL (
        -- As mock_provider_ledger, which would add up all payments for each chunk: an aggregate without groups is one
        -- look into the index for each payment.
        SELECT sum(amount_minor) FILTER (WHERE kind = 'authorise') AS authorized_minor,
               sum(amount_minor) FILTER (WHERE kind = 'capture') AS captured_minor,
               sum(amount_minor) FILTER (WHERE kind = 'refund') AS refunded_minor,
               count(*) FILTER (WHERE kind = 'void') > 0 AS voided, count(*) FILTER (WHERE kind = 'capture') AS captures
        FROM mock_provider_operations AS operations
        WHERE operations.payment_id = payments.id AND refused IS NULL AND result_at <= now()
    ) AS ledger ON payments.provider = 'mock'
    WHERE payments.order_id > $1 AND payments.order_id <= $2
), books AS (
    SELECT money.id, money.order_id, money.status, money.decision, money.captured_minor, money.refund_pending_minor,
           money.refunded_minor, money.provider_authorized, money.provider_captured, money.provider_refunded,
           money.provider_voided, money.provider, money.refused, money.instead, chunk.status AS order_status, chunk.fulfillment_status
    FROM money JOIN chunk ON chunk.id = money.order_id WHERE chunk.resting
)
SELECT 'captured_twice' AS "code!", order_id AS "order_id!",
       format('order %s was captured %s times; refund all but one of its payments', order_id, count(*)) AS "message!"
FROM money WHERE captured_minor > 0 GROUP BY order_id HAVING count(*) > 1
UNION ALL
SELECT 'captured_twice', order_id, format('payment %s was captured %s times at the provider; refund what is too much', id, captures)
FROM money WHERE captures > 1
UNION ALL
-- Whatever left the shop is paid for, whether or not a saga is at work on it: `pay_by` is null or the money is here.
SELECT 'shipped_unpaid', chunk.id, format('order %s was shipped and owes %s; collect it, or take the goods back', chunk.id,
    total_minor - shortfall_minor - COALESCE(paid.captured, 0))
FROM chunk LEFT JOIN (SELECT order_id, sum(captured_minor) AS captured FROM money GROUP BY order_id) AS paid ON paid.order_id = chunk.id
WHERE shipped AND pay_by IS NOT NULL AND total_minor > 0 AND COALESCE(paid.captured, 0) < total_minor - shortfall_minor
UNION ALL
SELECT 'payment_status', chunk.id, format('order %s is %s and its payment %s is %s', chunk.id, payment_status, live.id, live.status)
FROM chunk JOIN money AS live ON live.order_id = chunk.id AND live.status NOT IN ('failed', 'voided')
WHERE resting AND payment_status <> CASE live.status WHEN 'pending' THEN 'unpaid' WHEN 'captured' THEN 'paid' ELSE live.status END
UNION ALL
SELECT 'payment_missing', id, format('order %s is %s without a payment', id, payment_status) FROM chunk
WHERE resting AND payment_status IN ('authorized', 'paid', 'partially_refunded', 'refunded')
    AND NOT EXISTS (SELECT FROM money WHERE order_id = chunk.id AND money.status NOT IN ('failed', 'voided'))
UNION ALL
SELECT 'confirmed_unpaid', id, format('order %s is %s and was never paid', id, status) FROM chunk
WHERE resting AND pay_by IS NOT NULL AND status IN ('confirmed', 'completed') AND NOT shipped
    AND NOT EXISTS (SELECT FROM money WHERE order_id = chunk.id AND money.status NOT IN ('failed', 'voided', 'pending'))
UNION ALL
SELECT 'cancelled_with_payment', order_id, format('order %s is cancelled and its payment %s is %s; POST /sagas/sag_%s/retry', order_id, id,
    status, order_id)
FROM books WHERE order_status = 'cancelled' AND status IN ('pending', 'authorized')
UNION ALL
SELECT 'refund_owed', order_id, format('order %s is cancelled, was not shipped, and its payment %s keeps %s; refund it', order_id, id,
    captured_minor - refunded_minor)
FROM books WHERE order_status = 'cancelled' AND fulfillment_status = 'unfulfilled' AND captured_minor > refunded_minor + refund_pending_minor
UNION ALL
SELECT 'refund_refused', order_id, format('payment %s of order %s: the provider refused to refund %s; refund it another way', id,
    order_id, least(refused - instead, captured_minor - refunded_minor - refund_pending_minor))
FROM books WHERE refused > instead AND captured_minor > refunded_minor + refund_pending_minor
UNION ALL
SELECT 'shortfall_owed', chunk.id, format('order %s: %s of what fell short was not given back; refund it', chunk.id,
    shortfall_minor - shortfall_refunded_minor)
FROM chunk JOIN money ON money.order_id = chunk.id
    AND money.captured_minor > money.refunded_minor + money.refund_pending_minor
WHERE chunk.status <> 'cancelled' AND shortfall_minor > shortfall_refunded_minor AND updated_at < now() - make_interval(secs => $3)
UNION ALL
SELECT 'payment_decision', order_id, format('payment %s: decided to %s, and %s; POST /sagas/sag_%s/retry', id, decision, status, order_id)
FROM books
WHERE (decision = 'capture' AND status IN ('pending', 'authorized', 'voided')) OR (decision = 'void' AND status NOT IN ('voided', 'failed'))
UNION ALL
SELECT 'refunds', order_id, format('payment %s: %s refunded and %s under way, its refunds say %s and %s', id, refunded_minor,
    refund_pending_minor, done, open)
FROM money WHERE refunded_minor <> done OR refund_pending_minor <> open
UNION ALL
SELECT 'provider_ledger', order_id, format('payment %s: captured %s and refunded %s, the provider says %s and %s', id, captured_minor,
    refunded_minor, provider_captured, provider_refunded)
FROM books WHERE provider = 'mock' AND (captured_minor <> provider_captured OR refunded_minor <> provider_refunded)
UNION ALL
SELECT 'provider_keeps', order_id, format('payment %s is %s, and the provider keeps %s set aside', id, status, provider_authorized)
FROM books WHERE provider = 'mock' AND status = 'voided' AND provider_authorized > 0 AND NOT provider_voided
