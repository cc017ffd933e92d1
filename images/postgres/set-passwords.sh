#!/usr/bin/env bash
# Patroni calls this with: event, role, scope. Whenever this pod's server becomes a primary, the roles Patroni itself
# uses get the passwords of the pod's environment: after a restore, and after their Secret was lost and made again.
set -euo pipefail

[[ ${2:-} == primary ]] || exit 0
psql() {
  PGOPTIONS='-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic' \
    command psql --no-psqlrc --quiet --no-password --host="${SOCKETS:-/run/postgresql}" --username=postgres --dbname=postgres \
    --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse "$@"
}
# on_start comes before the promotion is through: a server still in recovery is called again by on_role_change.
for _ in {1..30}; do
  if [[ $(psql --tuples-only --no-align --command='SELECT pg_is_in_recovery()' 2> /dev/null) == f ]]; then
    psql --file="$(dirname "$0")/passwords.sql"
    exit
  fi
  sleep 1
done
echo 'postgres: the passwords of postgres, replicator and rewinder were not renewed: no primary after 30 s' >&2
