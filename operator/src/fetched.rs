//! The state that a pass has read, and from which it decides. `fetch` reads it.

use crate::{
    component::Workload,
    credentials::Credential,
    kube::{
        labels::{ACCEPT_DATABASE, ADMINISTRATOR, ADMINISTRATOR_EXISTS, annotation},
        live::Live,
        rollout_state,
        warnings::Warnings,
    },
    network::routing::IngressClasses,
};
use ecommercestack_crds::EcommerceStack;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt as _;
use std::collections::BTreeMap;

/// The state of the cluster, as far as a pass needs it.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub stack: EcommerceStack,
    pub namespace_terminating: bool,
    pub secrets: BTreeMap<Credential, Secret>,
    /// The identifier of the database cluster, once Patroni has initialised it.
    pub system_identifier: Option<String>,
    pub live: Live,
    /// The stack's pods, while something is unsettled.
    pub pods: Vec<Pod>,
    /// Why workloads without pods and volumes without storage wait, according to their last Events.
    pub warnings: Warnings,
    /// Absent if the operator may not read them, as in namespaced mode, or if they are not needed.
    pub ingress_classes: Option<IngressClasses>,
}

impl Fetched {
    /// Whether the shop has had a first administrator, whose Secret is not needed any more: auth creates one before it
    /// serves.
    pub fn has_administrator(&self) -> bool {
        let mut marks = self
            .live
            .volumes
            .values()
            .filter_map(|volume| annotation(&volume.metadata, ADMINISTRATOR));
        let is_of_this_database = |mark: &str| match self.system_identifier.as_deref() {
            Some(identifier) if mark != ADMINISTRATOR_EXISTS => mark == identifier,
            Some(_) | None => !self.stack.annotations().contains_key(ACCEPT_DATABASE),
        };
        let was_made = || {
            let auth = format!("{}-{}", self.stack.name_any(), Workload::Auth.into_str());
            let auth = self.live.deployments.get(&auth);
            self.secrets.contains_key(&Credential::Administrator)
                && auth.is_some_and(|auth| rollout_state::available(auth) > 0)
        };
        marks.any(is_of_this_database) || was_made()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this operator cannot parse {0}; use values that its CRD allows, or upgrade the operator")]
pub struct Unreadable(pub serde_path_to_error::Error<serde_json::Error>);
