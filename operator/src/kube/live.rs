//! The children of a stack as they are, listed or from the stores of the watches.

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        autoscaling::v2::HorizontalPodAutoscaler,
        batch::v1::Job,
        core::v1::{PersistentVolumeClaim, Service, ServiceAccount},
        networking::v1::{Ingress, NetworkPolicy},
        policy::v1::PodDisruptionBudget,
        rbac::v1::{Role, RoleBinding},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::core::PartialObjectMeta;
use std::collections::BTreeMap;

/// The live objects with the stack's labels, by name.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Taken from the stores of the watches and possibly stale: sufficient to find that there is nothing to do, and
    /// never a basis for writes.
    pub may_be_stale: bool,
    pub deployments: BTreeMap<String, Deployment>,
    pub stateful_sets: BTreeMap<String, StatefulSet>,
    pub jobs: BTreeMap<String, Job>,
    pub services: BTreeMap<String, PartialObjectMeta<Service>>,
    pub service_accounts: BTreeMap<String, PartialObjectMeta<ServiceAccount>>,
    pub roles: BTreeMap<String, PartialObjectMeta<Role>>,
    pub role_bindings: BTreeMap<String, PartialObjectMeta<RoleBinding>>,
    pub ingresses: BTreeMap<String, PartialObjectMeta<Ingress>>,
    pub budgets: BTreeMap<String, PartialObjectMeta<PodDisruptionBudget>>,
    /// All autoscalers of the namespace: any of them may target a Deployment of the stack.
    pub autoscalers: BTreeMap<String, HorizontalPodAutoscaler>,
    pub network_policies: BTreeMap<String, PartialObjectMeta<NetworkPolicy>>,
    pub volumes: BTreeMap<String, PersistentVolumeClaim>,
    /// The `ConfigMaps` in which Patroni keeps its state.
    pub patroni: BTreeMap<String, ObjectMeta>,
    /// `ConfigMaps` of other owners under the same names.
    pub foreign_states: BTreeMap<String, ObjectMeta>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read {what}")]
pub struct FetchError {
    pub what: &'static str,
    pub source: kube::Error,
}

/// Names what a failed request was to read.
pub async fn read<T>(
    what: &'static str,
    request: impl Future<Output = kube::Result<T>>,
) -> Result<T, FetchError> {
    request.await.map_err(|source| FetchError { what, source })
}
