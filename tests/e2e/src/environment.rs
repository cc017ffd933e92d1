//! The settings of a run, from the environment: the only place that reads it.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

/// Where the ingress answers; the host name of a shop travels in the Host header.
pub fn ingress_address() -> String {
    variable("E2E_INGRESS").unwrap_or_else(|| "127.0.0.1:8080".to_owned())
}

/// Where the ingress answers by TLS.
pub fn ingress_tls_address() -> String {
    variable("E2E_INGRESS_TLS").unwrap_or_else(|| "127.0.0.1:8443".to_owned())
}

/// The tag of the images under test.
pub fn version() -> String {
    variable("ECOMMERCESTACK_VERSION").unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned())
}

/// How often the sold-out race is run.
pub fn race_rounds() -> usize {
    variable("E2E_RACE_ROUNDS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(3)
}

/// The API server's audit log, where it can be read.
pub fn audit_log() -> PathBuf {
    let path = variable("E2E_AUDIT_LOG");
    path.unwrap_or_else(|| "/var/lib/ecommercestack-cluster/audit/audit.log".to_owned())
        .into()
}

/// Refuses to guess which cluster is meant.
pub fn kubeconfig() -> Result<PathBuf> {
    let path: PathBuf = variable("KUBECONFIG")
        .context("KUBECONFIG is not set, and this needs a cluster: run `make e2e`, or `eval \"$(cluster/env)\"` first")?
        .into();
    ensure!(
        path.is_file(),
        "KUBECONFIG names {}, which is not there: is the cluster up (`make up`)?",
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
