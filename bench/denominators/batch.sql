-- D2 with `-D size=1`: all work of one order in one function call. D3 with 32, 64 or 128: the batch SQL.
SELECT place_batch(:size, :hot::int::boolean);
