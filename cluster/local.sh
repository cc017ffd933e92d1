# shellcheck shell=bash
# Sourced by what runs the one-node cluster: its processes, and how they are found again.

node=ecommercestack
node_address=10.243.0.1
node_bridge=estack0
pod_bridge=estack-pods
pod_network=10.244.0.0/24
service_network=10.96.0.0/16
containerd_socket=$state/containerd/containerd.sock
marker=/etc/kubernetes/.ecommercestack
export node node_address node_bridge pod_bridge pod_network service_network marker

kubernetes_bin=$(tool kubernetes "$kubernetes_version")
containerd_bin=$(tool containerd "$containerd_version")

ctr_local() { "$containerd_bin/ctr" --address "$containerd_socket" --namespace k8s.io "$@"; }
kubectl_local() { "$kubernetes_bin/kubectl" --kubeconfig "$state/kubeconfig" "$@"; }

# runs NAME: whether the process of the pid file is alive and is what it should be; pids are given out anew.
runs() {
  local pid
  pid=$(cat "$state/run/$1.pid" 2>/dev/null) && [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$state/run/$1"
}

# keep NAME COMMAND…: runs the command for as long as the cluster lives, and again when it ends.
keep() {
  local name=$1 script=$state/run/$1
  shift
  runs "$name" && return 0
  mkdir -p "$state/run" "$state/log"
  {
    printf '#!/usr/bin/env bash\n# Keeps %s running; ended by its pid.\n' "$name"
    printf 'trap '\''kill "$child" 2>/dev/null; wait; exit 0'\'' TERM\n'
    printf 'while true; do\n  %q' "$1"
    shift
    (($# == 0)) || printf ' %q' "$@"
    printf ' >>%q 2>&1 &\n  child=$!\n  wait "$child"\n  sleep 1\ndone\n' "$state/log/$name.log"
  } >"$script"
  chmod +x "$script"
  setsid "$script" </dev/null >/dev/null 2>&1 &
  echo $! >"$state/run/$name.pid"
}

# Pids whose program is one of this cluster's, read from /proc: by what they run, not by their name.
own_processes() { # own_processes FRAGMENT…: command lines that hold one of these
  local process fragment line
  for process in /proc/[0-9]*; do
    line=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
    [ "${process#/proc/}" != $$ ] || continue
    for fragment in "$@"; do
      if [[ $line == *"$fragment"* ]]; then
        printf '%s\n' "${process#/proc/}"
        break
      fi
    done
  done
}

own_mounts() { awk -v state="$state/" '{print $2}' /proc/mounts | grep -E "^($state/|/var/lib/kubelet/|/run/netns/cni-|/var/run/netns/cni-)" | sort -r || true; }
