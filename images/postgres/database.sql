-- One service's roles and database; run by bootstrap.sh as superuser, again and again. Wants the psql variables
-- database, owner, login, idle and the environment's LOGIN_PASSWORD and IDLE_PASSWORD.
\getenv login_password LOGIN_PASSWORD
\getenv idle_password IDLE_PASSWORD

-- Two Jobs at once would fail on each other ("tuple concurrently updated").
SELECT pg_advisory_lock(hashtext('ecommercestack bootstrap')) \g /dev/null

BEGIN;
SELECT format('CREATE ROLE %I', name)
  FROM unnest(ARRAY[:'owner', :'login', :'idle']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE :"owner" NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD NULL;
ALTER ROLE :"login" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'login_password';
ALTER ROLE :"idle" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'idle_password';
GRANT :"owner" TO :"login", :"idle";
-- What either creates belongs to the owner: the other may use it after a rotation.
ALTER ROLE :"login" SET role TO :"owner";
ALTER ROLE :"idle" SET role TO :"owner";
COMMIT;

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec
ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
