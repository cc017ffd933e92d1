-- Run by set-passwords.sh. The values come from the environment, never from a command line.
\getenv superuser_password SUPERUSER_PASSWORD
\getenv replication_password REPLICATION_PASSWORD
\getenv rewind_password REWIND_PASSWORD

BEGIN;
-- Without a replica that can log in, the commit would never be confirmed.
SET LOCAL synchronous_commit = local;
SELECT format('ALTER ROLE %I PASSWORD %L', rolname, password)
  FROM pg_roles
  JOIN (VALUES ('postgres', :'superuser_password'),
               ('replicator', :'replication_password'),
               ('rewinder', :'rewind_password')) AS wanted (name, password) ON rolname = name
\gexec
COMMIT;
