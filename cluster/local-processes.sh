# shellcheck shell=bash
# Sourced: starts and ends the local node's processes. A process is ended by its id, and only if its command line shows
# that it belongs to the node: ids in files may be outdated.

# is_ours PID: whether its command line names this cluster's state folder.
is_ours() {
  [ -n "$1" ] && { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null | grep -F -- "$state/" >/dev/null
}

# running NAME: the program of a keeper, or the keeper itself (NAME.keeper).
running() { is_ours "$(cat "$state/pids/$1" 2>/dev/null || true)"; }

# start NAME PROGRAM…: under a keeper, in a session of its own, so that it outlives this shell.
start() {
  local name=$1
  if running "$name.keeper" && running "$name"; then return; fi
  stop "$name"
  # It inherits nothing of this shell: neither its folder, nor its output, nor its lock.
  (cd / && exec 9>&- && exec setsid "$state/bin/keep" "$@" </dev/null >/dev/null 2>&1) &
  disown
}

# stop NAME: the keeper first, since it would start the program again.
stop() {
  local name
  for name in "$1.keeper" "$1"; do
    if running "$name"; then end "$(cat "$state/pids/$name")"; fi
    rm -f "$state/pids/$name"
  done
}

# end PID…: by SIGTERM, then by SIGKILL.
end() {
  local pid began=$SECONDS
  for pid in "$@"; do kill "$pid" 2>/dev/null || true; done
  for pid in "$@"; do
    while is_ours "$pid" && ((SECONDS - began < 10)); do sleep 0.1; done
    if is_ours "$pid"; then kill -KILL "$pid" 2>/dev/null || true; fi
  done
}

# The control group that holds the pods and nothing else, once for each hierarchy of version 1.
control_groups() {
  local hierarchy
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    printf '%s\n' "/sys/fs/cgroup/$control_group"
    return
  fi
  for hierarchy in /sys/fs/cgroup/*/cgroup.procs; do printf '%s\n' "${hierarchy%/*}/$control_group"; done
}

pod_processes() {
  control_groups | while read -r group; do
    [ ! -d "$group" ] || find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -un
}

# The runtime's processes: shims, runc and the like, each with the state folder on its command line.
runtime_processes() {
  local folder pid
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    if is_ours "$pid" && [[ $(readlink "$folder/exe") =~ /(containerd|containerd-shim-runc-v2|runc|kubelet)(\ \(deleted\))?$ ]]; then
      printf '%s\n' "$pid"
    fi
  done
}

end_pods() {
  local pid began=$SECONDS pids
  while pids=$(pod_processes) && [ -n "$pids" ] && ((SECONDS - began < 30)); do
    for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done
    sleep 0.3
  done
}

# Ends and unmounts everything; files stay, so that `start` can resume.
stop_node() {
  local pid pids began=$SECONDS
  stop kubelet
  end_pods
  # Its keeper waits for the end of the pods, and removes their mounts and networks.
  if running containerd; then
    while pids=$(runtime_processes | grep -vxF "$(cat "$state/pids/containerd")") && [ -n "$pids" ] && ((SECONDS - began < 15)); do sleep 0.3; done
  fi
  stop containerd
  for pid in $(runtime_processes); do kill -KILL "$pid" 2>/dev/null || true; done
  unmount_node
}

node_mounts() {
  awk -v state="$state/" '{ if (index($5, state) == 1 || index($5 "/", "/var/lib/kubelet/") == 1) print $5 }' /proc/self/mountinfo
}

unmount_node() {
  local target round
  for round in 1 2 3; do
    while read -r target; do
      umount "$target" 2>/dev/null || umount --lazy "$target" 2>/dev/null || true
    done < <(node_mounts | tac)
    [ -n "$(node_mounts)" ] || return 0
    sleep "$round"
  done
  die "$(node_mounts | wc -l) folders stay mounted, such as $(node_mounts | head -n 1)"
}
