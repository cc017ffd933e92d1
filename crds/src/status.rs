//! What the operator reports. Conditions follow the Kubernetes conventions; their reasons are `Reason`.

use crate::{DeletionPolicy, names::LEASE};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator found and did.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EcommerceStackStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Ready, Available, Progressing, Degraded, one for each component, and more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// The components one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<ComponentStatuses>,

    /// The database that holds the shop's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseStatus>,

    /// Where the shop answers, if the spec names a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub url: Option<String>,

    /// The policy in force: what becomes of volumes and credentials when the stack is deleted. It follows
    /// `spec.deletionPolicy` within a second or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// The installation of the operator that works on this stack, as `NAMESPACE/LEASE`. Others leave the stack alone while that
    /// Lease is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317), regex(pattern = LEASE))]
    pub operator: Option<String>,

    /// Another installation that watches this stack and leaves it alone; the condition `OperatorConflict` says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317), regex(pattern = LEASE))]
    pub bystander: Option<String>,
}

/// The database that holds the shop's data.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseStatus {
    /// The identifier that PostgreSQL gave the database when it was initialised. Once known it stays: a database with another
    /// one is reported as `DatabaseReplaced` until the annotation `ecommercestack.dev/accept-database` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub system_identifier: Option<String>,
}

/// The components one by one.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatuses {
    /// The database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<ComponentStatus>,
    /// The auth service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ComponentStatus>,
    /// The product service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ComponentStatus>,
    /// The order service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<ComponentStatus>,
    /// The order service's worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<ComponentStatus>,
}

/// One component.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// The image this component may run: the spec's once its migration succeeded, the one before until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub image: Option<String>,

    /// Pods that the workload asks for.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub replicas: i32,

    /// Pods that are ready.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub ready_replicas: i32,

    /// The migration of the image that the spec asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
}

/// A migration of one component's database.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// Name of its Job.
    #[schemars(length(max = 63))]
    pub job: String,

    /// How far it is.
    pub state: MigrationState,

    /// Versions that it applied; absent where its pod is gone before it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub applied: Option<Vec<i64>>,
}

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MigrationState {
    /// It waits for the database.
    Waiting,
    /// Its Job runs, or is about to.
    Running,
    /// It went through: the component may run the image.
    Succeeded,
    /// It did not; the component's condition says why.
    Failed,
}
