-- The vendor's side of orders: what is packed, shipped and delivered, and what comes back.

-- Which orders hold lines of a vendor, newest first: ids carry the time.
CREATE INDEX order_items_of_vendor ON order_items (vendor_id, order_id DESC);
