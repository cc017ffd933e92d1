#!/usr/bin/env bash
# Writes Patroni's configuration from the environment and becomes Patroni. The passwords of the database stay in the
# environment; the only secret of the file is that of Patroni's REST API.
set -euo pipefail
umask 077

die() {
  echo "postgres: $*" >&2
  exit 1
}

# need NAME PATTERN DEFAULT: the value ends up in YAML, so it must be what it is meant to be.
need() {
  local value=${!1:-${3-}}
  [[ -n $value ]] || die "$1 is not set"
  [[ $value =~ ^($2)$ ]] || die "$1 is '$value', which does not match $2"
  printf -v "$1" %s "$value"
}

dns='[a-z0-9]([-a-z0-9.]*[a-z0-9])?'
size='[1-9][0-9]*(kB|MB|GB)'
need SCOPE "$dns"
need NAMESPACE "$dns"
need POD_NAME "$dns"
need POD_IP '[0-9a-fA-F.:]+'
need MAX_CONNECTIONS '[1-9][0-9]{1,4}' 100
need SHARED_BUFFERS "$size" 128MB
need MAX_WAL_SIZE "$size" 256MB
for secret in SUPERUSER_PASSWORD REPLICATION_PASSWORD REWIND_PASSWORD; do
  [[ -n ${!secret:-} ]] || die "$secret is not set"
  export "PATRONI_${secret%_PASSWORD}_PASSWORD=${!secret}"
done
if [[ $POD_IP == *:* ]]; then address="[$POD_IP]"; else address=$POD_IP; fi

# Two pods of one name can overlap on one node for seconds (a pod deleted by force is replaced while its processes
# still stop), and neither Postgres nor Patroni sees a process of another container. This lock does; Patroni keeps it
# until the container is gone.
volume=${PGDATA%/*}
mkdir -p "$volume"
exec 9> "$volume/.lock"
trap 'exit 143' TERM
flock --nonblock 9 || echo "postgres: waiting for another container to leave $volume" >&2
until flock --nonblock 9; do
  ((SECONDS < 60)) || die "another container has used $volume for the last 60 s; not starting a second server on it"
  sleep 1
done

# A volume mounted with fsGroup comes back group-writable, and Postgres refuses such a folder.
[[ ! -d $PGDATA ]] || chmod 0700 "$PGDATA"

# Patroni's REST API can change the configuration, which is as good as a shell: writing needs a password. It is
# derived from the superuser's, so that every member knows it.
rest_password=$(printf 'patroni-rest-api:%s' "$SUPERUSER_PASSWORD" | sha256sum)
rest_password=${rest_password%% *}

# `bootstrap.dcs` is what a new cluster begins with; from then on it lives in the ConfigMap $SCOPE-config and is
# changed there. What stands outside of it follows this image and this pod.
cat > "$PATRONICTL_CONFIG_FILE" << YAML
scope: $SCOPE
name: $POD_NAME

log:
  deduplicate_heartbeat_logs: true

kubernetes:
  namespace: $NAMESPACE
  scope_label: cluster-name
  role_label: role
  leader_label_value: primary
  follower_label_value: replica
  labels: {}
  use_endpoints: false
  # Asking for the API server's own addresses needs a right in the namespace \`default\`.
  bypass_api_service: false

watchdog:
  mode: 'off'

restapi:
  listen: '*:8008'
  connect_address: '$address:8008'
  authentication:
    username: patroni
    password: $rest_password

bootstrap:
  dcs:
    # loop_wait + 2 × retry_timeout must not exceed ttl.
    ttl: 20
    loop_wait: 5
    retry_timeout: 7
    maximum_lag_on_failover: 1048576
    # Without this a primary goes read-only when it cannot reach the API server.
    failsafe_mode: true
    synchronous_mode: true
    synchronous_mode_strict: false
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: $MAX_CONNECTIONS
        wal_level: replica
        hot_standby: 'on'
        # A replica that is away must not fill the primary's volume.
        max_slot_wal_keep_size: 256MB
        wal_keep_size: 64MB
  initdb:
    - data-checksums
    - encoding: UTF8
    - locale-provider: builtin
    - locale: C.UTF-8
    - auth-host: scram-sha-256
    - auth-local: peer

postgresql:
  listen: '*:5432'
  connect_address: '$address:5432'
  bin_dir: /usr/lib/postgresql/17/bin
  data_dir: $PGDATA
  pgpass: /tmp/pgpass
  use_unix_socket: true
  use_unix_socket_repl: true
  authentication:
    superuser:
      username: postgres
    replication:
      username: replicator
    rewind:
      username: rewinder
  callbacks:
    on_start: /usr/local/lib/ecommercestack/set-passwords.sh
    on_role_change: /usr/local/lib/ecommercestack/set-passwords.sh
  # Peer on the socket for the one operating-system user that owns the files anyway: so Patroni can always log in, and
  # a superuser password that was lost or restored can be set again. All else: scram-sha-256.
  pg_hba:
    - local all postgres peer
    - local all all scram-sha-256
    - local replication all scram-sha-256
    - host replication replicator all scram-sha-256
    - host all all all scram-sha-256
  parameters:
    unix_socket_directories: /run/postgresql
    password_encryption: scram-sha-256
    shared_buffers: $SHARED_BUFFERS
    # Huge pages are not part of a container's memory limit: asking for them ends in SIGBUS.
    huge_pages: 'off'
    work_mem: 4MB
    maintenance_work_mem: 64MB
    random_page_cost: 1.1
    jit: 'off'
    # The unit of parallelism in a shop is the request; /dev/shm of a container has 64 MB.
    max_parallel_workers_per_gather: 0
    fsync: 'on'
    full_page_writes: 'on'
    synchronous_commit: 'on'
    # The smallest volume is 1 GiB; the default of 1 GB of WAL would fill it.
    max_wal_size: $MAX_WAL_SIZE
    min_wal_size: 64MB
    wal_compression: lz4
    checkpoint_timeout: 10min
    checkpoint_completion_target: 0.9
    # Stock rows are updated again and again; dead ones must go before they slow the next order.
    autovacuum_naptime: 15s
    autovacuum_vacuum_scale_factor: 0.05
    autovacuum_analyze_scale_factor: 0.05
    idle_in_transaction_session_timeout: 30s
    # A client that is gone must not keep its locks.
    client_connection_check_interval: 10s
    tcp_keepalives_idle: 30
    tcp_keepalives_interval: 10
    tcp_keepalives_count: 3
    timezone: UTC
    log_timezone: UTC
    log_destination: stderr
    logging_collector: 'off'
    log_line_prefix: '%m [%p] %q%u@%d %a '
    log_lock_waits: 'on'
    # Values are personal data. They stand in parameters, in statements, and in the detail of an error: "Key (email)=(…)
    # already exists". What is logged of an error is its message, which names the constraint.
    log_parameter_max_length: 0
    log_parameter_max_length_on_error: 0
    log_min_error_statement: panic
    log_error_verbosity: terse
YAML

exec patroni "$PATRONICTL_CONFIG_FILE"
