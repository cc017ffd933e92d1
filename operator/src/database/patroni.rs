//! Where Patroni keeps its state, and how that state is identified. Pure.

use crate::{component::POSTGRES, kube::labels::PATRONI_SCOPE};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Where Patroni with `ConfigMaps` as its store keeps state: `<scope>-config` and so on.
pub const PATRONI_SUFFIXES: [&str; 5] = ["config", "leader", "failover", "sync", "failsafe"];

/// Whether a `ConfigMap` of a name that Patroni uses is Patroni's, of this stack's database. // OPERATOR 3
pub fn is_patroni_state(stack: &str, metadata: &ObjectMeta) -> bool {
    let labels = metadata.labels.as_ref();
    let scope = labels.and_then(|labels| labels.get(PATRONI_SCOPE));
    scope.is_some_and(|scope| *scope == format!("{stack}-{POSTGRES}"))
}
