-- Lines from before the flag: those that are over are many, and nobody changes them any more.
UPDATE hold_lines line SET is_open = false FROM holds hold
WHERE hold.order_id = line.order_id
    AND (line.shipped + line.released >= line.quantity OR hold.state IN ('released', 'expired', 'lost'));
-- By hash, as hold_lines_of_sku_hash is and for its reason. A line leaves it once; counters stay out of it, so that
-- updates of them stay HOT (ORDERS 13).
CREATE INDEX hold_lines_open_of_sku_hash ON hold_lines (hashtext(sku)) WHERE is_open;
