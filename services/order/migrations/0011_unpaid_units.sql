-- Orders that still owe, of one customer: their number and their units are limited. It serves the count of unpaid orders,
-- the release before's too, so that no order is in one index more. No order stands in it that waits for nothing to be paid.
CREATE INDEX orders_owing ON orders (user_id)
    WHERE pay_by IS NOT NULL AND status IN ('pending', 'confirmed') AND payment_status IN ('unpaid', 'failed');
DROP INDEX orders_unpaid;
