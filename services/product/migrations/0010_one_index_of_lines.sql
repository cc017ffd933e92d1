-- A new line stood in two indexes by SKU, all lines and open ones, and each order paid for both. One serves whoever asks for
-- either: a flag behind the hash takes no room, since entries are aligned to eight bytes, and repeats with it.
CREATE INDEX hold_lines_of_sku_hash_and_open ON hold_lines (hashtext(sku), is_open);
DROP INDEX hold_lines_of_sku_hash;
DROP INDEX hold_lines_open_of_sku_hash;
