//! The settings of a run. This is the only place that reads the environment.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

/// The address of the ingress; a shop's host name is sent in the Host header.
pub fn ingress_address() -> String {
    variable("E2E_INGRESS").unwrap_or_else(|| "127.0.0.1:8080".to_owned())
}

/// The address of the ingress for TLS.
pub fn ingress_tls_address() -> String {
    variable("E2E_INGRESS_TLS").unwrap_or_else(|| "127.0.0.1:8443".to_owned())
}

/// The tag of the images under test.
pub fn version() -> String {
    variable("ECOMMERCESTACK_VERSION").unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned())
}

/// The number of rounds of the race for the last units.
pub fn race_rounds() -> usize {
    variable("E2E_RACE_ROUNDS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(3)
}

/// The path of the API server's audit log.
pub fn audit_log() -> PathBuf {
    let path = variable("E2E_AUDIT_LOG");
    path.unwrap_or_else(|| "/var/lib/ecommercestack-cluster/audit/audit.log".to_owned())
        .into()
}

/// The kubeconfig that KUBECONFIG names; there is no default, since the tests change the cluster.
pub fn kubeconfig() -> Result<PathBuf> {
    let path: PathBuf = variable("KUBECONFIG")
        .context("KUBECONFIG is not set, and this needs a cluster: run `make e2e`, or `eval \"$(cluster/env)\"` first")?
        .into();
    ensure!(
        path.is_file(),
        "KUBECONFIG names {}, which does not exist: is the cluster up (`make up`)?",
        path.display()
    );
    Ok(path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the configuration of the tests"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
