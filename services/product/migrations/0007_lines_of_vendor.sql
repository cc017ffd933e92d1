-- A vendor's own reservations, the newest first. New lines come to the end of their vendor's entries: cheap, where those of
-- SKUs are not.
CREATE INDEX hold_lines_of_vendor ON hold_lines (vendor_id, order_id);
