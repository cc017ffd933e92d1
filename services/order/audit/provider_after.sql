-- The payment with which a chunk of $2 payments behind $1 ends, of those that the provider knows.
SELECT payment_id FROM mock_provider_payments WHERE payment_id > $1 ORDER BY payment_id OFFSET $2::bigint - 1 LIMIT 1
