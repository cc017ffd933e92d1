//! What can be set for each component of a shop.

use crate::{Resources, names::IMAGE};
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Settings of individual components; absent fields keep their defaults.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    // `Components::MAX_PODS`; a component that is not named has one pod.
    validation = Rule::new("(has(self.auth) ? (has(self.auth.autoscaling) ? self.auth.autoscaling.max : has(self.auth.replicas) ? self.auth.replicas : 1) : 1) + (has(self.product) ? (has(self.product.autoscaling) ? self.product.autoscaling.max : has(self.product.replicas) ? self.product.replicas : 1) : 1) + (has(self.order) ? (has(self.order.autoscaling) ? self.order.autoscaling.max : has(self.order.replicas) ? self.order.replicas : 1) : 1) + (has(self.worker) ? (has(self.worker.autoscaling) ? self.worker.autoscaling.max : has(self.worker.replicas) ? self.worker.replicas : 1) : 1) <= 19")
        .message("the components may have at most 19 pods in all, since each opens 8 of the 185 database \
        connections: lower replicas or autoscaling.max")
)]
#[serde(rename_all = "camelCase")]
pub struct Components {
    /// Accounts, logins and tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ServiceComponent>,

    /// Catalog and stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ServiceComponent>,

    /// Orders: the API that customers use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<ServiceComponent>,

    /// Background work of the order service: sagas, shipments and events. Runs the image of `order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerComponent>,
}

/// Settings of a service.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceComponent {
    /// Full image reference, in place of `{image.registry}/{component}:{version}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = IMAGE))]
    pub image: Option<String>,

    /// Number of pods; 1 if absent. Ignored with `autoscaling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 50))]
    pub replicas: Option<i32>,

    /// Scales the number of pods by their CPU usage with a `HorizontalPodAutoscaler`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,

    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

/// Settings of a worker, which runs the image of another component.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerComponent {
    /// Number of pods; 1 if absent. Ignored with `autoscaling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 50))]
    pub replicas: Option<i32>,

    /// Scales the number of pods by their CPU usage with a `HorizontalPodAutoscaler`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,

    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

/// How a component is scaled by CPU usage. While it is set, `replicas` is ignored.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("!has(self.min) || self.min <= self.max")
        .message("autoscaling.min must not exceed autoscaling.max")
)]
#[serde(rename_all = "camelCase")]
pub struct Autoscaling {
    /// Minimum number of pods; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub min: Option<i32>,

    /// Maximum number of pods.
    #[schemars(range(min = 1, max = 50))]
    pub max: i32,

    /// Target average CPU usage of the pods, in percent of their CPU request; 80 if absent.
    #[serde(rename = "targetCPU", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub target_cpu: Option<i32>,
}

impl Components {
    /// The maximum number of pods of all components together, for which the database has enough connections (OPERATOR 15).
    pub const MAX_PODS: i32 = 19;
}

impl Autoscaling {
    pub const DEFAULT_TARGET_CPU: i32 = 80;

    pub fn min(&self) -> i32 {
        self.min.unwrap_or(1)
    }

    pub fn target_cpu(&self) -> i32 {
        self.target_cpu.unwrap_or(Self::DEFAULT_TARGET_CPU)
    }
}
