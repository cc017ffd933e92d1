# shellcheck shell=bash
# Sourced: takes the local node off the machine. The cache stays.

# The kernel's settings that the node changes, as they were.
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
  rm -f /var/lib/cni/results/"$network_name"-*
  # Folders that the kubelet and the network plugins make, where nobody else uses them.
  rmdir /var/log/containers /var/lib/cni/results /var/lib/cni /run/containerd/fifo /run/containerd/s /run/containerd 2>/dev/null || true
  find /usr/libexec/kubernetes -depth -type d -empty -delete 2>/dev/null || true
  # Nothing is mounted in these: stop_node has seen to it.
  rm -rf --one-file-system /var/lib/kubelet
  find "$state" -mindepth 1 -maxdepth 1 ! -name kind-of-cluster -exec rm -rf --one-file-system {} +
  # Last, since it says that the rest is ours.
  rm -rf --one-file-system /etc/kubernetes
}

# What kube-proxy, the kubelet and this cluster's network put into the packet filter.
remove_packet_rules() {
  local family table
  for family in ip ip6; do nft delete table "$family" kube-proxy 2>/dev/null || true; done
  for family in iptables ip6tables; do
    for table in nat mangle filter; do
      if [ "$table" = nat ]; then remove_pod_network_chains "$family"; fi
      remove_chains "$family" "$table" '^KUBE-'
    done
  done
}

# remove_chains COMMAND TABLE PATTERN: the chains and every rule that leads to them.
remove_chains() {
  local rule chain chains
  chains=$("$1" -w -t "$2" -S 2>/dev/null | awk -v pattern="$3" '$1 == "-N" && $2 ~ pattern { print $2 }')
  [ -n "$chains" ] || return 0
  "$1" -w -t "$2" -S | awk -v pattern="$3" '$1 == "-A" && $2 !~ pattern { for (i = 3; i < NF; i++) if ($i == "-j" && $(i + 1) ~ pattern) print }' |
    while read -r rule; do xargs "$1" -w -t "$2" <<<"-D ${rule#-A }" || true; done
  for chain in $chains; do "$1" -w -t "$2" -F "$chain" || true; done
  for chain in $chains; do "$1" -w -t "$2" -X "$chain" || true; done
}

# The plugins name each chain by a hash and say in a comment whose it is. Those for host ports are shared with other
# networks of the machine, and go only when nothing of another is in them.
remove_pod_network_chains() {
  local chain rules
  rules=$("$1" -w -t nat -S 2>/dev/null) || return 0
  for chain in $(awk -v name="\\\"$network_name\\\"" 'index($0, name) { for (i = 3; i < NF; i++) if ($i == "-j" && $(i + 1) ~ /^CNI-/) print $(i + 1) }' <<<"$rules" | sort -u); do
    [[ $chain =~ ^CNI-(HOSTPORT-.*)$ ]] || remove_chains "$1" nat "^$chain\$"
  done
  if ! "$1" -w -t nat -S | grep -q -- '-j CNI-DN-'; then remove_chains "$1" nat '^CNI-HOSTPORT-'; fi
}
