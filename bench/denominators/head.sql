-- The choice of an order before D1's transaction, as in bench/src/workload.rs. `-D hot=0|1 -D n=0 -D base=MS`.
\set n :n + 1
\set time :base + :n * 64 + :client_id
\set r random(0, 9007199254740991)
\set user random(0, 1999)
\set lines random(1, 3)
\if :hot
\set a 1
\set b random(2, 5000)
\set c random(5001, 10000)
\else
\set a random(1, 10000)
\set b 1 + (:a - 1 + random(1, 4999)) % 10000
\set c 1 + (:a - 1 + random(5000, 9999)) % 10000
\endif
\set qa random(1, 2)
\set qb random(1, 2)
\set qc random(1, 2)
\set dice random(1, 1000)
\if :dice <= 20
\set lines 3
\set c random(10001, 10100)
\endif
