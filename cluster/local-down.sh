# shellcheck shell=bash
# Sourced: removes the local node from the machine. The cache stays.

# Restores the kernel settings that the node changes.
settings='net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables vm.overcommit_memory vm.panic_on_oom kernel.panic
kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes'

remember_settings() {
  local setting
  [ ! -e "$state/settings" ] || return 0
  for setting in $settings; do
    printf '%s=%s\n' "$setting" "$(sysctl --values "$setting" 2>/dev/null || true)"
  done >"$state/settings.new"
  mv "$state/settings.new" "$state/settings"
}

restore_settings() {
  local line
  [ -e "$state/settings" ] || return 0
  while read -r line; do
    [ -z "${line#*=}" ] || sysctl --quiet --write "$line" || true
  done <"$state/settings"
}

remove_node() {
  local device group
  stop_node
  restore_settings
  remove_packet_rules
  for device in $(ip -o link show master "$pod_device" 2>/dev/null | awk -F'[ :@]+' '{ print $2 }') "$pod_device" "$node_device"; do
    ip link delete "$device" 2>/dev/null || true
  done
  for group in $(control_groups); do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  find /var/log/containers -lname "$state/*" -delete 2>/dev/null || true
  # The state of the network library for each pod; other runtimes may have files in the same folder.
  grep -lsF "\"$state/" /var/lib/cni/results/* | xargs --no-run-if-empty rm -f || true
  # Folders that the kubelet and the network plugins make, unless others use them.
  rmdir /var/log/containers /var/lib/cni/results /var/lib/cni /run/containerd/fifo /run/containerd/s /run/containerd 2>/dev/null || true
  find /usr/libexec/kubernetes -depth -type d -empty -delete 2>/dev/null || true
  # stop_node has unmounted everything in these.
  rm -rf --one-file-system /var/lib/kubelet
  find "$state" -mindepth 1 -maxdepth 1 ! -name kind-of-cluster -exec rm -rf --one-file-system {} +
  # Last, since it marks the other files as those of the cluster.
  rm -rf --one-file-system /etc/kubernetes
}

# The packet filter rules of kube-proxy, the kubelet and this cluster's network.
remove_packet_rules() {
  local family table
  remove_proxy_tables
  for family in iptables ip6tables; do
    for table in nat mangle filter; do
      if [ "$table" = nat ]; then remove_pod_network_chains "$family"; fi
      remove_chains "$family" "$table" '^KUBE-'
    done
  done
}

# With the nft that wrote them, in kube-proxy's image: that of Debian 12 crashes on them.
remove_proxy_tables() {
  local image container family
  image=$(cluster_image kube-proxy "$kubernetes_version")
  buildah inspect --type image "$image" >/dev/null 2>&1 || buildah pull --quiet "docker-archive:$(archive_of "$image")"
  container=$(buildah from --pull-never "$image")
  for family in ip ip6; do
    buildah run --cap-add CAP_NET_ADMIN "$container" -- nft "add table $family kube-proxy; delete table $family kube-proxy" || true
  done
  buildah rm "$container" >/dev/null
}

# remove_chains COMMAND TABLE PATTERN: removes the chains and every rule that refers to them.
remove_chains() {
  local rule chain chains
  chains=$("$1" -w -t "$2" -S 2>/dev/null | awk -v pattern="$3" '$1 == "-N" && $2 ~ pattern { print $2 }')
  [ -n "$chains" ] || return 0
  # By number, the last first: a printed rule is no valid argument.
  "$1" -w -t "$2" -S | awk -v pattern="$3" '
    $1 == "-A" { number[$2]++; for (i = 3; i < NF; i++) if ($i == "-j" && $(i + 1) ~ pattern && $2 !~ pattern) print $2, number[$2] }' |
    tac | while read -r rule; do
      # shellcheck disable=SC2086
      "$1" -w -t "$2" -D $rule || true
    done
  for chain in $chains; do "$1" -w -t "$2" -F "$chain" || true; done
  for chain in $chains; do "$1" -w -t "$2" -X "$chain" || true; done
}

# The plugins name each chain by a hash and name its owner in a comment. Chains for host ports are shared with other
# networks of the machine, and are removed only without rules of another network.
remove_pod_network_chains() {
  local chain
  for chain in $("$1" -w -t nat -S 2>/dev/null | grep -F "name: \\\"$network_name\\\"" | grep -oE ' -j CNI-[^ ]+' | sort -u); do
    [ "$chain" = -j ] || remove_chains "$1" nat "^$chain\$"
  done
  "$1" -w -t nat -S 2>/dev/null | grep -e '-j CNI-DN-' >/dev/null || remove_chains "$1" nat '^CNI-(HOSTPORT|DN)-'
}
