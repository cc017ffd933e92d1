-- The orders behind $1 and up to $2, against their own lines, sagas, shipments and returns, in one snapshot: a row for
-- everything that does not add up. $3: seconds after which what should move on has not. Sums are numeric: whatever a row
-- holds, none of them overflows.
WITH chunk AS MATERIALIZED (
    SELECT id, status, payment_status, fulfillment_status, hold, items_minor, shipping_minor, tax_minor, discount_minor,
           total_minor, cancel_requested_at, pay_by, shortfall_minor, shortfall_refunded_minor, updated_at,
           NOT EXISTS (SELECT FROM sagas WHERE sagas.order_id = orders.id AND finished_at IS NULL) AS resting
    FROM orders WHERE id > $1 AND id <= $2
), lines AS MATERIALIZED (
    SELECT order_id, position, sku, quantity, unit_price_minor, line_total_minor, allotted, shipped, delivered, returned, short
    FROM order_items WHERE order_id > $1 AND order_id <= $2
), units AS MATERIALIZED (
    SELECT order_id, sum(line_total_minor) AS total, sum(short::numeric * unit_price_minor) AS short_minor,
           bool_or(line_total_minor <> unit_price_minor::numeric * quantity) AS has_wrong_line,
           bool_or(shipped > 0) AS any_shipped, bool_and(shipped >= quantity - short) AS all_shipped,
           bool_and(delivered >= quantity - short) AS all_delivered
    FROM lines GROUP BY order_id
), shipments AS MATERIALIZED (
    SELECT fulfillments.order_id, fulfillment_lines.position,
           sum(fulfillment_lines.quantity) FILTER (WHERE status <> 'cancelled') AS allotted,
           sum(fulfillment_lines.quantity) FILTER (WHERE status IN ('shipped', 'delivered')) AS shipped,
           sum(fulfillment_lines.quantity) FILTER (WHERE status = 'delivered') AS delivered
    FROM fulfillments JOIN fulfillment_lines ON fulfillment_lines.fulfillment_id = fulfillments.id
    WHERE fulfillments.order_id > $1 AND fulfillments.order_id <= $2
    GROUP BY fulfillments.order_id, fulfillment_lines.position
), back AS MATERIALIZED (
    SELECT returns.order_id, return_lines.position, sum(return_lines.quantity) FILTER (WHERE status <> 'rejected') AS returned
    FROM returns JOIN return_lines ON return_lines.return_id = returns.id
    WHERE returns.order_id > $1 AND returns.order_id <= $2
    GROUP BY returns.order_id, return_lines.position
), fallen AS MATERIALIZED (
    SELECT order_id, sku, sum(taken) AS taken FROM order_shortfalls
    WHERE order_id > $1 AND order_id <= $2 GROUP BY order_id, sku
), short AS MATERIALIZED (
    SELECT order_id, sku, sum(short) AS short FROM lines GROUP BY order_id, sku
)
-- Totals.
SELECT 'order_total' AS "code!", id AS "order_id!",
       format('order %s: its items cost %s, its lines say %s; correct the totals', id, items_minor, COALESCE(units.total, 0)) AS "message!"
FROM chunk LEFT JOIN units ON units.order_id = chunk.id WHERE items_minor <> COALESCE(units.total, 0)
UNION ALL
SELECT 'order_total', id, format('order %s: total %s, its parts say %s; correct the totals', id, total_minor,
    items_minor::numeric + shipping_minor + tax_minor - discount_minor)
FROM chunk WHERE total_minor <> items_minor::numeric + shipping_minor + tax_minor - discount_minor
UNION ALL
SELECT 'line_total', order_id, format('order %s: a line costs something else than its units; correct its total', order_id)
FROM units WHERE has_wrong_line
UNION ALL
SELECT 'order_without_lines', id, format('order %s has no lines; restore them or cancel it', id)
FROM chunk WHERE NOT EXISTS (SELECT FROM lines WHERE lines.order_id = chunk.id)
-- Units on their way out and back.
UNION ALL
SELECT 'units_allotted', order_id, format('order %s, line %s: %s units are in shipments, the shipments say %s', order_id, position,
    lines.allotted, COALESCE(shipments.allotted, 0))
FROM lines LEFT JOIN shipments USING (order_id, position) WHERE lines.allotted <> COALESCE(shipments.allotted, 0)
UNION ALL
SELECT 'units_shipped', order_id, format('order %s, line %s: %s units were shipped, the shipments say %s', order_id, position,
    lines.shipped, COALESCE(shipments.shipped, 0))
FROM lines LEFT JOIN shipments USING (order_id, position) WHERE lines.shipped <> COALESCE(shipments.shipped, 0)
UNION ALL
SELECT 'units_delivered', order_id, format('order %s, line %s: %s units were delivered, the shipments say %s', order_id, position,
    lines.delivered, COALESCE(shipments.delivered, 0))
FROM lines LEFT JOIN shipments USING (order_id, position) WHERE lines.delivered <> COALESCE(shipments.delivered, 0)
UNION ALL
SELECT 'units_returned', order_id, format('order %s, line %s: %s units come back, the returns say %s', order_id, position,
    lines.returned, COALESCE(back.returned, 0))
FROM lines LEFT JOIN back USING (order_id, position) WHERE lines.returned <> COALESCE(back.returned, 0)
UNION ALL
SELECT 'units_exceeded', order_id, format('order %s, line %s: %s of %s units were shipped, %s of them came back, and %s fell short',
    order_id, position, shipped, quantity, returned, short)
FROM lines WHERE shipped > quantity - short OR returned > shipped
UNION ALL
SELECT 'units_short', order_id, format('order %s, %s: %s units fell short, the shortfalls say %s', order_id, sku,
    COALESCE(short.short, 0), COALESCE(fallen.taken, 0))
FROM short FULL JOIN fallen USING (order_id, sku) WHERE COALESCE(short.short, 0) <> COALESCE(fallen.taken, 0)
UNION ALL
SELECT 'shortfall_total', id, format('order %s: %s fell short, its lines say %s', id, shortfall_minor, units.short_minor)
FROM chunk JOIN units ON units.order_id = chunk.id WHERE shortfall_minor <> units.short_minor
UNION ALL
SELECT 'fulfillment_status', id, format('order %s is %s, its lines say something else', id, fulfillment_status)
FROM chunk JOIN units ON units.order_id = chunk.id
WHERE CASE fulfillment_status WHEN 'unfulfilled' THEN any_shipped WHEN 'partial' THEN NOT any_shipped OR all_shipped
    WHEN 'shipped' THEN NOT (any_shipped AND all_shipped) WHEN 'delivered' THEN NOT (any_shipped AND all_delivered) ELSE true END
UNION ALL
SELECT 'parcel_stuck', order_id, format('order %s: shipment %s has not been reported to product since %s: %s', order_id, id,
    updated_at, COALESCE(last_error, 'no error'))
FROM fulfillments WHERE order_id > $1 AND order_id <= $2 AND status = 'shipping' AND updated_at < now() - make_interval(secs => $3)
UNION ALL
SELECT 'return_stuck', order_id, format('order %s: return %s has not been reported to product since %s: %s', order_id, id,
    updated_at, COALESCE(last_error, 'no error'))
FROM returns WHERE order_id > $1 AND order_id <= $2 AND status = 'receiving' AND updated_at < now() - make_interval(secs => $3)
-- Sagas, and what the order knows of its stock.
UNION ALL
SELECT 'saga_stuck', order_id, format('order %s: its saga is stuck at %s: %s; fix the cause, then POST /sagas/sag_%s/retry', order_id,
    step, COALESCE(last_error, 'no error'), order_id)
FROM sagas WHERE order_id > $1 AND order_id <= $2 AND finished_at IS NULL AND is_stuck(sagas)
UNION ALL
SELECT 'order_without_saga', id, format('order %s is pending and no saga works on it; POST /sagas/sag_%s/retry', id, id)
FROM chunk WHERE resting AND status = 'pending'
UNION ALL
SELECT 'cancellation_open', id, format('order %s was to be cancelled at %s and is %s; POST /sagas/sag_%s/retry', id,
    cancel_requested_at, status, id)
FROM chunk WHERE resting AND cancel_requested_at IS NOT NULL AND status = 'confirmed'
    AND fulfillment_status IN ('unfulfilled', 'partial')
UNION ALL
SELECT 'order_hold', id, format('order %s is %s and knows its hold as %s', id, status, hold)
FROM chunk WHERE resting AND (status = 'cancelled' AND hold = 'committed' AND fulfillment_status IN ('unfulfilled', 'partial')
    OR status IN ('confirmed', 'completed') AND hold IN ('released', 'lost'))
