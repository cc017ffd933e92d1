# shellcheck shell=bash
# Sourced: the settings of the local node. Each function prints a file.

node_name=ecommercestack
node_device=estack-node
pod_device=estack-pods
node_address=10.243.0.1
pod_range=10.244.0.0/24
service_range=10.96.0.0/16
dns_address=10.96.0.10
network_name=ecommercestack
control_group=ecommercestack
export node_device pod_device network_name control_group
containerd_socket=$state/run/containerd.sock

# All files of this containerd are in the state folder; another one on the machine is not affected.
# restrict_oom_score_adj: without it no pod starts if root may not lower its score (no CAP_SYS_RESOURCE).
containerd_config() {
  cat <<TOML
version = 4
root = '$state/containerd'
state = '$state/run/containerd'
imports = []
disabled_plugins = [
  'io.containerd.image-verifier.v1.bindir',
  'io.containerd.monitor.container.v1.restart',
  'io.containerd.nri.v1.nri',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
]

[plugins.'io.containerd.server.v1.grpc']
  address = '$containerd_socket'
[plugins.'io.containerd.server.v1.ttrpc']
  address = '$containerd_socket.ttrpc'
[plugins.'io.containerd.shim.v1.manager']
  socket_dir = '$state/run/s'
[plugins.'io.containerd.internal.v1.opt']
  path = '$state/run/opt'
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '$pause_image'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/usr/lib/cni']
  conf_dir = '$state/cni/conf'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '/usr/sbin/runc'
  Root = '$state/run/runc'
  SystemdCgroup = false
TOML
}

cni_config() {
  cat <<JSON
{
  "cniVersion": "1.0.0",
  "name": "$network_name",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "$pod_device",
      "isGateway": true,
      "hairpinMode": true,
      "ipMasq": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "$state/cni/addresses",
        "ranges": [[{ "subnet": "$pod_range" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
JSON
}

# The name servers of pods for external names. Pods cannot reach a server on the machine's loopback, and CoreDNS would
# forward requests to itself; without any other server, the node's address is used, where none listens, and requests fail at once.
resolver_config() {
  local source=/etc/resolv.conf servers
  [ ! -e /run/systemd/resolve/resolv.conf ] || source=/run/systemd/resolve/resolv.conf
  servers=$(grep -E '^nameserver ' "$source" 2>/dev/null | grep -vE '^nameserver (127\.|::1|fe80:)' || true)
  printf '%s\n' "${servers:-nameserver $node_address}"
}

# Bound to the node's own address: nothing of the control plane can be reached from outside the machine.
kubeadm_config() {
  cat <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: $node_address, bindPort: 6443 }
nodeRegistration:
  name: $node_name
  criSocket: unix://$containerd_socket
  imagePullPolicy: Never
  taints: []
  kubeletExtraArgs:
  - { name: node-ip, value: $node_address }
patches: { directory: $state/patches }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: ecommercestack
kubernetesVersion: $kubernetes_version
imageRepository: $cluster_repository
certificateValidityPeriod: 87600h
networking: { podSubnet: $pod_range, serviceSubnet: $service_range }
etcd:
  local: { dataDir: $state/etcd, imageTag: ${etcd_version#v} }
apiServer:
  extraArgs:
  - { name: bind-address, value: $node_address }
  - { name: audit-policy-file, value: $state/audit-policy.yaml }
  - { name: audit-log-path, value: $state/audit/audit.log }
  - { name: audit-log-maxsize, value: "100" }
  - { name: audit-log-maxbackup, value: "2" }
  extraVolumes:
  - { name: audit-policy, hostPath: $state/audit-policy.yaml, mountPath: $state/audit-policy.yaml, readOnly: true, pathType: File }
  - { name: audit-log, hostPath: $state/audit, mountPath: $state/audit, pathType: Directory }
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node_address
cgroupDriver: cgroupfs
# A control group of its own, so that all processes in it may be ended.
cgroupRoot: /$control_group
clusterDNS: [$dns_address]
containerLogMaxSize: 20Mi
failCgroupV1: false
failSwapOn: false
# Images cannot be pulled again, so none is deleted.
imageGCHighThresholdPercent: 100
evictionHard: { memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1% }
podLogsDir: $state/pod-logs
resolvConf: $state/resolv.conf
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: $pod_range
# The machine's own conntrack limits stay as they are.
conntrack: { maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
YAML
}

# kubeadm requests a third of two cores, which the shop needs.
request_patch() {
  printf 'spec:\n  containers:\n  - name: %s\n    resources: { requests: { cpu: %s } }\n' "$1" "$2"
}

kubelet_start() {
  cat <<'BASH'
#!/usr/bin/env bash
# Runs the kubelet as soon as kubeadm has written its settings.
state=$(dirname "$(dirname "$0")")
until [ -e /var/lib/kubelet/config.yaml ] && [ -e /var/lib/kubelet/kubeadm-flags.env ]; do sleep 0.2; done
# shellcheck disable=SC1091
source /var/lib/kubelet/kubeadm-flags.env
# shellcheck disable=SC2086
exec "$state/bin/kubelet" --config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
  --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf $KUBELET_KUBEADM_ARGS
BASH
}
