#!/usr/bin/env bash
# A Job: makes the roles and databases of DATABASES and sets their passwords; may run at any time and any number of
# times. Its termination message is the database system identifier, or the reason why it failed.
set -euo pipefail

here=$(dirname "$0")
message=${TERMINATION_MESSAGE_PATH:-/dev/termination-log}
die() {
  local line=${*//$'\n'/ }
  echo "bootstrap: $line" >&2
  printf %s "$line" > "$message" || true
  exit 1
}

[[ -n ${PGHOST:-} ]] || die 'PGHOST is not set'
[[ -n ${SUPERUSER_PASSWORD:-} ]] || die 'SUPERUSER_PASSWORD is not set'
[[ -n ${DATABASES:-} ]] || die 'DATABASES is not set'

# Everything is checked before anything is changed.
for database in $DATABASES; do
  [[ $database =~ ^[a-z][a-z0-9_]{0,40}$ ]] || die "'$database' in DATABASES is not a name of a database"
  username=${database^^}_USERNAME password=${database^^}_PASSWORD
  [[ ${!username:-} == "${database}_a" || ${!username:-} == "${database}_b" ]] \
    || die "$username must be ${database}_a or ${database}_b"
  [[ -n ${!password:-} ]] || die "$password is not set"
done

psql() {
  command psql --no-psqlrc --quiet --no-password --tuples-only --no-align \
    --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse "$@"
}

# A statement with a password must not reach the server's log, not even when it fails.
superuser() {
  PGUSER=postgres PGDATABASE=postgres PGPASSWORD=$SUPERUSER_PASSWORD PGTARGETSESSIONATTRS=read-write \
    PGOPTIONS='-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic
      -c client_min_messages=warning -c statement_timeout=60s' \
    psql "$@"
}

trap 'die "stopped by a signal"' TERM
export PGCONNECT_TIMEOUT=3 PGAPPNAME=bootstrap
wait=${WAIT_SECONDS:-180} said='' started=$SECONDS
until reason=$(superuser --command='SELECT 1' 2>&1); do
  [[ $reason == "$said" ]] || echo "bootstrap: waiting for the primary at $PGHOST: $reason"
  said=$reason
  ((SECONDS - started < wait)) || die "no primary at $PGHOST within $wait s: $reason"
  sleep 1
done

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

for database in $DATABASES; do
  username=${database^^}_USERNAME password=${database^^}_PASSWORD idle_password=${database^^}_IDLE_PASSWORD
  login=${!username}
  if [[ $login == *_a ]]; then idle=${database}_b; else idle=${database}_a; fi

  reason=$(LOGIN_PASSWORD=${!password} IDLE_PASSWORD=${!idle_password:-$(random)} superuser \
    --set=database="$database" --set=owner="${database}_owner" --set=login="$login" --set=idle="$idle" \
    --file="$here/database.sql" 2>&1 > /dev/null) || die "database $database: $reason"

  # The service's own way in, before anybody relies on it.
  role=$(PGUSER=$login PGDATABASE=$database PGPASSWORD=${!password} psql --command='SELECT current_user' 2>&1) \
    || die "$login cannot use database $database: $role"
  [[ $role == "${database}_owner" ]] || die "$login acts as $role in database $database, not as ${database}_owner"
  echo "bootstrap: database $database is ready for $login"
done

identifier=$(superuser --command='SELECT system_identifier FROM pg_control_system()') || die 'no system identifier'
printf %s "$identifier" > "$message"
echo "bootstrap: done, database system identifier $identifier"
