//! The status that the operator reports. Conditions follow the Kubernetes conventions; their reasons are `Reason`.

use crate::{DeletionPolicy, names::LEASE};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of the stack as the operator observed it.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EcommerceStackStatus {
    /// The generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Ready, Available, Progressing, Degraded, one for each component, and more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// The state of each component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<ComponentStatuses>,

    /// The database that holds the shop's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseStatus>,

    /// The URL of the shop, if the spec sets a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub url: Option<String>,

    /// The deletion policy in force for volumes and credentials. It follows `spec.deletionPolicy` within a second or
    /// two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// The operator installation that owns this stack, as `NAMESPACE/LEASE`. Other installations do not change the
    /// stack while that Lease is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317), regex(pattern = LEASE))]
    pub operator: Option<String>,

    /// Another operator installation that watches this stack and does not change it; see the condition
    /// `OperatorConflict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317), regex(pattern = LEASE))]
    pub bystander: Option<String>,
}

/// The database that holds the shop's data.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseStatus {
    /// The system identifier that PostgreSQL assigned when the database was initialized. It does not change once it
    /// is set: a database with another identifier is reported as `DatabaseReplaced` until the annotation
    /// `ecommercestack.dev/accept-database` names that identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub system_identifier: Option<String>,
}

/// The state of each component.
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
    /// The image that this component may run: the image of the spec once its migration has succeeded, the previous
    /// image until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub image: Option<String>,

    /// Number of pods that the workload requests.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub replicas: i32,

    /// Number of ready pods.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub ready_replicas: i32,

    /// The migration for the image of the spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
}

/// A migration of one component's database.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// Name of the migration Job.
    #[schemars(length(max = 63))]
    pub job: String,

    /// State of the migration.
    pub state: MigrationState,

    /// Versions that the migration applied; absent if its pod was deleted before the operator read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub applied: Option<Vec<i64>>,
}

/// The state of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MigrationState {
    /// Waits for the database.
    Waiting,
    /// The Job runs or is about to start.
    Running,
    /// The migration succeeded: the component may run the image.
    Succeeded,
    /// The migration failed; the component's condition has the cause.
    Failed,
}
