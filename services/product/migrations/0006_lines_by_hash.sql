-- The index of lines by SKU and order made reservations a third slower: each entry was a new key at a random place. Hashes
-- repeat, and what repeats is stored once with a list of rows. Whoever asks by SKU asks by its hash as well.
CREATE INDEX hold_lines_of_sku_hash ON hold_lines (hashtext(sku));
DROP INDEX hold_lines_of_sku;
