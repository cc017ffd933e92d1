# shellcheck shell=bash
# Sourced by `up` and `down`: a cluster by kind, where a Docker engine runs.

kind_name=ecommercestack

require_kind() { has_docker || die "a cluster by kind needs a running Docker engine, and docker info fails"; }

up_kind() {
  command -v kind >/dev/null || "$here/tools" kind
  command -v kubectl >/dev/null || "$here/tools" kubectl
  command -v helm >/dev/null || "$here/tools" helm
  PATH=$(tool_path):$PATH
  if ! kind get clusters 2>/dev/null | grep -qx "$kind_name"; then
    # The file names the audit policy by a path from the tree's root.
    cd "$root" || die "$root is gone"
    step "Creating the cluster with kind" kind create cluster --config kind-config.yaml --kubeconfig "$kubeconfig" --wait 180s
  fi
  # The node's container may have been stopped; it keeps its state.
  docker start "$kind_name-control-plane" >/dev/null
  kind export kubeconfig --name "$kind_name" --kubeconfig "$kubeconfig" 2>/dev/null
  wait_for 120 "an answer of the API server" answers
  step "Applying the ingress controller" kubectl --kubeconfig "$kubeconfig" apply --server-side --force-conflicts -k "$here/manifests/traefik"
  step "Waiting for it" kubectl --kubeconfig "$kubeconfig" --namespace traefik rollout status --timeout=300s deployment/traefik
}

down_kind() {
  require_kind
  kind delete cluster --name "$kind_name" --kubeconfig "$kubeconfig"
}
