# shellcheck shell=bash
# Sourced by `up`: the one-node cluster made by kubeadm, for machines without a Docker engine.
source "$here/image-lib.sh"
source "$here/local-config.sh"
source "$here/local-processes.sh"
source "$here/local-down.sh"

marker=/etc/kubernetes/ecommercestack-cluster
containerd=$(tool containerd "$containerd_version")
kubernetes=$(tool kubernetes "$kubernetes_version")

up_local() {
  local since=0
  install_packages buildah ca-certificates conntrack containernetworking-plugins curl debootstrap gcc iproute2 \
    iptables libc6-dev procps runc
  "$here/tools"
  "$here/base-images"
  if ! node_answers; then
    since=$(date +%s)
    if [ -e "$state/initialised" ]; then resume; fi
    if ! [ -e "$state/initialised" ]; then create; fi
  fi
  step "Loading the cluster's own images" load_base_images
  step "Applying DNS, storage and ingress" apply_addons
  step "Waiting for the node and its system pods" wait_for_addons "$since"
}

require_local() {
  ((EUID == 0)) || die "a local cluster needs root (network devices, mounts): sudo -E make up, or install Docker for kind"
  ((${#state} <= 36)) || die "the state folder's path is too long for the sockets in it (36 characters at most): $state"
  if [ -e /etc/kubernetes ]; then
    [ "$(cat "$marker" 2>/dev/null)" = "$state" ] ||
      die "this machine has another Kubernetes (/etc/kubernetes is not this cluster's): nothing was touched"
  elif [ -n "$(ls -A /var/lib/kubelet 2>/dev/null)" ]; then
    die "this machine has another Kubernetes (/var/lib/kubelet is not empty): nothing was touched"
  fi
}

# The ports that the node needs on its own addresses.
refuse_taken_ports() {
  local port
  for port in 2379 2380 8080 8443 10248 10249 10256 10257 10259; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      die "port $port of 127.0.0.1 is in use: end what listens there (ss -ltnp) and run this again"
    fi
  done
}

node_answers() { running containerd && running kubelet && answers >/dev/null 2>&1; }

# State that a restart of the machine loses, and that may differ between runs.
prepare_node() {
  local group setting component
  mkdir -p "$state"/{audit,bin,cni/conf,logs,patches,pids,run,volumes}
  chmod 700 "$state/audit" "$state/run"
  remember_settings
  modprobe --all overlay br_netfilter 2>/dev/null || true
  for setting in net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables; do sysctl --quiet --write "$setting=1"; done
  # The driver for a dummy device may be missing: an empty bridge holds the node's address.
  ip link show "$node_device" >/dev/null 2>&1 || ip link add "$node_device" type bridge
  ip address replace "$node_address/32" dev "$node_device"
  ip link set "$node_device" up
  for group in $(control_groups); do
    mkdir -p "$group"
    # A new group of this hierarchy has no processors until they are set.
    if [ -e "$group/cpuset.cpus" ] && [ -z "$(cat "$group/cpuset.cpus")" ] && ! [ -e "$group/cgroup.type" ]; then
      cat "${group%/*}/cpuset.cpus" >"$group/cpuset.cpus"
      cat "${group%/*}/cpuset.mems" >"$group/cpuset.mems"
    fi
  done
  containerd_config >"$state/containerd.toml"
  cni_config >"$state/cni/conf/10-ecommercestack.conflist"
  resolver_config >"$state/resolv.conf"
  kubeadm_config >"$state/kubeadm.yaml"
  cp "$here/audit-policy.yaml" "$state/audit-policy.yaml"
  for component in kube-apiserver=150m kube-controller-manager=50m kube-scheduler=25m etcd=75m; do
    request_patch "${component%=*}" "${component#*=}" >"$state/patches/${component%=*}+strategic.yaml"
  done
  install -m 755 "$here/keep" "$state/bin/keep"
  kubelet_start >"$state/bin/kubelet-start"
  chmod 755 "$state/bin/kubelet-start"
  # With these names their command lines show to which cluster they belong.
  ln -sfn "$containerd/containerd" "$state/bin/containerd"
  ln -sfn "$kubernetes/kubelet" "$state/bin/kubelet"
}

start_containerd() {
  # The shim is found on the PATH; pods may open many files.
  ulimit -n "$(ulimit -Hn)"
  PATH=$containerd:$PATH start containerd "$state/bin/containerd" --config "$state/containerd.toml"
  wait_for 60 "containerd answers" images_of_node version
}

images_of_node() { "$containerd/ctr" --address "$containerd_socket" --namespace k8s.io "$@"; }

load_base_images() {
  local archive image there
  there=$(images_of_node images list --quiet)
  for image in "$pause_image" "$etcd_image" "$coredns_image" "$debian_image" "$traefik_image" "$local_path_image" \
    "$(cluster_image kube-apiserver "$kubernetes_version")" "$(cluster_image kube-proxy "$kubernetes_version")" \
    "$(cluster_image kube-controller-manager "$kubernetes_version")" "$(cluster_image kube-scheduler "$kubernetes_version")"; do
    archive=$(archive_of "$image")
    grep -qxF "$image" <<<"$there" || images_of_node images import "$archive"
  done
}

create() {
  say "Creating a cluster in $state"
  if [ -e "$marker" ] || [ -e "$state/pids" ]; then step "Removing what an interrupted run left" remove_node; fi
  refuse_taken_ports
  step "Preparing the node" prepare_node
  step "Starting containerd" start_containerd
  step "Loading the cluster's own images" load_base_images
  mkdir -p /etc/kubernetes
  printf '%s\n' "$state" >"$marker"
  step "Creating the control plane with kubeadm" run_kubeadm
  install -m 600 /etc/kubernetes/admin.conf "$kubeconfig"
  touch "$state/initialised"
}

run_kubeadm() {
  start kubelet "$state/bin/kubelet-start"
  # A proxy setting of this shell would be written into the control plane's pods.
  env -u http_proxy -u https_proxy -u no_proxy -u HTTP_PROXY -u HTTPS_PROXY -u NO_PROXY \
    "$kubernetes/kubeadm" init --config "$state/kubeadm.yaml" --ignore-preflight-errors=all --skip-token-print \
    --skip-phases=addon/coredns
}

# The cluster exists and does not respond: its processes died, or the machine was restarted.
resume() {
  say "Resuming the cluster in $state"
  step "Preparing the node" prepare_node
  step "Starting containerd" start_containerd
  step "Starting the kubelet" start kubelet "$state/bin/kubelet-start"
  if came_back 60; then return; fi
  say "It does not answer after 60 s: ending all that runs, and starting it from its disk"
  step "Ending the node's processes" stop_node
  step "Starting containerd" start_containerd
  step "Starting the kubelet" start kubelet "$state/bin/kubelet-start"
  if came_back 240; then return; fi
  give_up
}

# came_back SECONDS: whether the API server answers within them.
came_back() {
  local began=$SECONDS
  printf '%4d s  Waiting for the API server\n' "$SECONDS" >&2
  until answers >/dev/null 2>&1; do
    ((SECONDS - began < $1)) || return 1
    sleep 0.5
  done
}

# The state is kept: a slow machine is not a broken cluster.
give_up() {
  say "The cluster in $state does not come back: building a new one. Its database, volumes and logs are in $state.failed"
  step "Ending the node's processes" stop_node
  rm -rf --one-file-system "$state.failed"
  mkdir -p "$state.failed"
  mv "$state"/{etcd,logs,volumes} "$state.failed/" 2>/dev/null || true
  step "Removing what is left of it" remove_node
}

apply_addons() {
  kubectl kustomize "$here/manifests/local" | sed "s#$machine_state#$state#g" |
    kubectl --kubeconfig "$kubeconfig" apply --server-side --force-conflicts -f -
}

# reported_since SECONDS: whether the kubelet has reported. Before that, a resumed cluster shows its state from before the stop.
reported_since() {
  local renewed
  renewed=$(kubectl --namespace kube-node-lease get lease "$node_name" --output jsonpath='{.spec.renewTime}') &&
    (($(date --date="$renewed" +%s) > $1 + 3))
}

# wait_for_addons SECONDS: the start of the node, in seconds of the epoch.
wait_for_addons() {
  local workload
  export KUBECONFIG=$kubeconfig
  wait_for 120 "news from the kubelet" reported_since "$1"
  kubectl wait --for=condition=Ready --timeout=180s "node/$node_name"
  for workload in kube-system:daemonset/kube-proxy kube-system:deployment/coredns \
    local-path-storage:deployment/local-path-provisioner traefik:deployment/traefik; do
    kubectl --namespace "${workload%%:*}" rollout status --timeout=180s "${workload#*:}"
  done
  wait_for 60 "an answer of the ingress controller on http://127.0.0.1:8080" \
    curl --silent --noproxy '*' --max-time 2 --output /dev/null http://127.0.0.1:8080/
}
