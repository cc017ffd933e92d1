-- When an order was freed of what it kept of its deleted customer; NULL: it was not. Found by `orders_of_user`.
ALTER TABLE orders ADD COLUMN anonymized_at timestamptz;
