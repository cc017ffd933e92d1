-- The audit of orders and money (ORDERS 25): a row for everything that does not add up, none in a healthy shop. Safe to
-- run at any time: one statement sees one snapshot, and what a saga is still at work on is left out.
WITH resting AS (
    SELECT id, status, payment_status, fulfillment_status, hold, total_minor, cancel_requested_at, pay_by FROM orders
    WHERE NOT EXISTS (SELECT FROM sagas WHERE sagas.order_id = orders.id AND finished_at IS NULL)
), books AS (
    SELECT payments.id, payments.order_id, payments.status, payments.decision, payments.amount_minor,
        payments.captured_minor, payments.refund_pending_minor, payments.refunded_minor, resting.status AS order_status,
        resting.fulfillment_status,
        COALESCE(ledger.authorized_minor, 0) AS provider_authorized, COALESCE(ledger.captured_minor, 0) AS provider_captured,
        COALESCE(ledger.refunded_minor, 0) AS provider_refunded, COALESCE(ledger.voided, false) AS provider_voided
    FROM payments JOIN resting ON resting.id = payments.order_id
    LEFT JOIN mock_provider_ledger AS ledger ON ledger.payment_id = payments.id
    WHERE payments.provider = 'mock'
)
SELECT format('order %s: version %s, %s events up to %s', order_id, version, events, last_event) FROM order_event_gaps
UNION ALL
SELECT format('order %s: its saga is at %s after its deadline: %s', order_id, step, last_error) FROM stuck_sagas
-- Order and stock, as far as order knows.
UNION ALL
SELECT format('order %s is cancelled and its hold is %s', id, hold) FROM resting
WHERE status = 'cancelled' AND hold = 'committed'
UNION ALL
SELECT format('order %s is %s and its hold is %s', id, status, hold) FROM resting
WHERE status IN ('confirmed', 'completed') AND hold IN ('released', 'lost')
UNION ALL
SELECT format('order %s is pending and nobody works on it', id) FROM resting WHERE status = 'pending'
UNION ALL
SELECT format('order %s was to be cancelled and is %s', id, status) FROM resting
WHERE cancel_requested_at IS NOT NULL AND status = 'confirmed' AND fulfillment_status IN ('unfulfilled', 'partial')
-- Order and payment.
UNION ALL
SELECT format('order %s was captured %s times', order_id, count(*)) FROM payments WHERE captured_minor > 0
GROUP BY order_id HAVING count(*) > 1
UNION ALL
SELECT format('order %s is %s and its payment %s', resting.id, payment_status, live.status)
FROM resting JOIN payments AS live ON live.order_id = resting.id AND live.status NOT IN ('failed', 'voided')
WHERE payment_status <> CASE live.status WHEN 'pending' THEN 'unpaid' WHEN 'captured' THEN 'paid' ELSE live.status END
UNION ALL
SELECT format('order %s is %s without a payment', id, payment_status) FROM resting
WHERE payment_status IN ('authorized', 'paid', 'partially_refunded', 'refunded')
    AND NOT EXISTS (SELECT FROM payments WHERE order_id = resting.id AND status NOT IN ('failed', 'voided'))
UNION ALL
SELECT format('order %s is %s and was never paid', id, status) FROM resting
WHERE pay_by IS NOT NULL AND status = 'confirmed' AND payment_status = 'unpaid' AND fulfillment_status = 'unfulfilled'
UNION ALL
SELECT format('order %s is cancelled and its payment %s is %s', order_id, books.id, books.status) FROM books
WHERE order_status = 'cancelled' AND status IN ('pending', 'authorized')
UNION ALL
SELECT format('order %s is cancelled, was not shipped, and its payment keeps %s', order_id, captured_minor - refunded_minor)
FROM books
WHERE order_status = 'cancelled' AND fulfillment_status = 'unfulfilled' AND captured_minor > refunded_minor
    AND NOT EXISTS (SELECT FROM refunds WHERE payment_id = books.id AND refunds.status = 'failed')
UNION ALL
SELECT format('payment %s: decided to %s, and %s', id, decision, status) FROM books
WHERE (decision = 'capture' AND status IN ('pending', 'authorized', 'voided')) OR (decision = 'void' AND status NOT IN ('voided', 'failed'))
-- Payments and refunds.
UNION ALL
SELECT format('payment %s: %s refunded and %s under way, its refunds say %s and %s', payments.id, refunded_minor,
    refund_pending_minor, COALESCE(done, 0), COALESCE(open, 0))
FROM payments LEFT JOIN (
    SELECT payment_id, sum(amount_minor) FILTER (WHERE status = 'succeeded') AS done,
        sum(amount_minor) FILTER (WHERE status = 'pending') AS open
    FROM refunds GROUP BY payment_id
) AS refunds ON refunds.payment_id = payments.id
WHERE refunded_minor <> COALESCE(done, 0) OR refund_pending_minor <> COALESCE(open, 0)
-- Payments and the provider's books.
UNION ALL
SELECT format('payment %s: captured %s and refunded %s, the provider says %s and %s', id, captured_minor, refunded_minor,
    provider_captured, provider_refunded)
FROM books WHERE captured_minor <> provider_captured OR refunded_minor <> provider_refunded
UNION ALL
SELECT format('payment %s is %s, and the provider keeps %s set aside', id, status, provider_authorized) FROM books
WHERE status = 'voided' AND provider_authorized > 0 AND NOT provider_voided
UNION ALL
SELECT format('payment %s was captured %s times', payment_id, captures) FROM mock_provider_ledger WHERE captures > 1
UNION ALL
SELECT format('the provider took %s for payment %s, of which nobody knows', captured_minor, payment_id) FROM mock_provider_ledger
WHERE NOT EXISTS (SELECT FROM payments WHERE id = payment_id)
