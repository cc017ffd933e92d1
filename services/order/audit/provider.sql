-- The payments behind $1 and up to $2 that the provider knows: money that it took and no payment of the shop's accounts for.
SELECT 'provider_unknown' AS "code!", ledger.payment_id AS "payment_id!",
       format('the provider took %s for payment %s, which no order has; refund it at the provider', captured_minor, ledger.payment_id) AS "message!"
FROM (
    SELECT payment_id, sum(amount_minor) AS captured_minor FROM mock_provider_operations
    WHERE payment_id > $1 AND payment_id <= $2 AND kind = 'capture' AND refused IS NULL AND result_at <= now()
    GROUP BY payment_id
) AS ledger
WHERE NOT EXISTS (SELECT FROM payments WHERE payments.id = ledger.payment_id)
