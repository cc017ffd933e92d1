# shellcheck shell=bash
# Sourced by the scripts of this folder: paths, and the output of steps.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# Tools and images, keyed by version: kept by `make down`, shared by every clone.
cache=${ECOMMERCESTACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ecommercestack}
# The cluster itself, outside the tree: a second clone finds and resumes it.
machine_state=/var/lib/ecommercestack-cluster
if [ -n "${ECOMMERCESTACK_STATE:-}" ]; then
  state=$ECOMMERCESTACK_STATE
elif ((EUID == 0)) || [ -e "$machine_state" ]; then
  state=$machine_state
else
  state=${XDG_STATE_HOME:-$HOME/.local/state}/ecommercestack-cluster
fi
kubeconfig=$state/kubeconfig
export here root cache machine_state state kubeconfig

kubernetes_version=v1.36.3
etcd_version=v3.6.9
containerd_version=v2.4.2
coredns_version=v1.14.7
traefik_version=v3.6.12
local_path_version=v0.0.30
helm_version=v3.22.0
kubeconform_version=v0.8.0
kind_version=v0.33.0
export kubernetes_version etcd_version containerd_version coredns_version traefik_version
export local_path_version helm_version kubeconform_version kind_version

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

# step TEXT COMMAND…: runs the command with its output in a log, and reports every half minute that it still runs.
step() {
  local text=$1 log began=$SECONDS told=$SECONDS pid
  shift
  mkdir -p "$cache/logs"
  log=$cache/logs/$(printf '%s' "$text" | tr -cs 'A-Za-z0-9.' -).log
  printf '%4d s  %s\n' "$SECONDS" "$text" >&2
  # In a process group of its own, so that an interrupt ends all processes of the step.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -- "-$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - told >= 30)); then
      told=$SECONDS
      printf '%4d s    … for %d s now; its log is %s\n' "$SECONDS" $((SECONDS - began)) "$log" >&2
    fi
  done
  trap - INT TERM
  if ! wait "$pid"; then
    tail -n 25 "$log" >&2
    die "\"$text\" failed; its whole log is $log"
  fi
}

# wait_for SECONDS TEXT COMMAND…: until the command succeeds.
wait_for() {
  local limit=$1 text=$2 began=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS - began < limit)) || die "$text: not within $limit s"
    sleep 0.5
  done
}

# Concurrent runs would conflict. Scripts that the holder of the lock calls continue.
one_at_a_time() {
  [ -z "${ECOMMERCESTACK_LOCKED:-}" ] || return 0
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  if ! flock --nonblock 9; then
    say "waiting for another run of the cluster's scripts to end …"
    flock 9
  fi
  export ECOMMERCESTACK_LOCKED=1
}

# install_packages NAME…: installs the missing Debian packages.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "this needs the Debian packages ${missing[*]}"
  ((EUID == 0)) || die "this needs the Debian packages ${missing[*]}: install them, or run this as root"
  step "Refreshing the package lists" apt-get update
  step "Installing ${missing[*]}" \
    env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
}

# tool NAME VERSION: the folder of a cached tool.
tool() { printf '%s/bin/%s-%s' "$cache" "$1" "$2"; }

# The tool folders that exist, for PATH.
tool_path() {
  local folder path=
  for folder in "$(tool kubernetes "$kubernetes_version")" "$(tool kubectl "$kubernetes_version")" \
    "$(tool helm "$helm_version")" "$(tool kubeconform "$kubeconform_version")" "$(tool kind "$kind_version")"; do
    [ ! -d "$folder" ] || path+=$folder:
  done
  printf '%s' "${path%:}"
}
PATH=$(tool_path):$PATH

# kind, local or current: the choice of `cluster/up`; empty without a cluster.
chosen() { cat "$state/kind-of-cluster" 2>/dev/null || true; }

answers() { kubectl --kubeconfig "$kubeconfig" --request-timeout=5s get --raw /readyz; }

has_docker() { command -v docker >/dev/null && timeout 20 docker info >/dev/null 2>&1; }
