//! CPU and memory of a component. Every quantity has a pattern, so that a typing error is refused at once
//! and the cost of the rules stays known.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// CPU and memory of each pod of a component. Absent fields keep their defaults.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("!(has(self.requests) && has(self.limits) && has(self.requests.cpu) && has(self.limits.cpu)) || quantity(self.requests.cpu).compareTo(quantity(self.limits.cpu)) <= 0")
        .message("requests.cpu must not exceed limits.cpu"),
    validation = Rule::new("!(has(self.requests) && has(self.limits) && has(self.requests.memory) && has(self.limits.memory)) || quantity(self.requests.memory).compareTo(quantity(self.limits.memory)) <= 0")
        .message("requests.memory must not exceed limits.memory"),
    // The limit of the pod is its request if only that is set.
    validation = Rule::new("(has(self.limits) && has(self.limits.memory) ? quantity(self.limits.memory) : has(self.requests) && has(self.requests.memory) ? quantity(self.requests.memory) : quantity('64Mi')).compareTo(quantity('64Mi')) >= 0")
        .message("a pod needs at least 64Mi of memory: raise limits.memory"),
    validation = Rule::new("!has(self.limits) || !has(self.limits.cpu) || quantity(self.limits.cpu).compareTo(quantity('10m')) >= 0")
        .message("a pod needs at least 10m of CPU: raise limits.cpu")
)]
pub struct Resources {
    /// The resources that the scheduler reserves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<ResourceAmounts>,

    /// The maximum that a pod may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<ResourceAmounts>,
}

/// An amount of CPU and of memory.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("!has(self.cpu) || quantity(self.cpu).compareTo(quantity('1024')) <= 0")
        .message("cpu must be at most 1024 cores").field_path(".cpu"),
    validation = Rule::new("!has(self.memory) || quantity(self.memory).compareTo(quantity('24Ti')) <= 0")
        .message("memory must be at most 24Ti").field_path(".memory")
)]
pub struct ResourceAmounts {
    /// Cores, such as `"1"`, `"0.5"` or `"250m"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 12),
        regex(pattern = r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$")
    )]
    pub cpu: Option<String>,

    /// Bytes, such as `"256Mi"` or `"1Gi"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 20),
        regex(pattern = r"^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$")
    )]
    pub memory: Option<String>,
}
