//! What can be set for each component of a shop.

use crate::Resources;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Settings of single components; what is absent keeps its default.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Components {
    /// Accounts, logins and tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ServiceComponent>,

    /// Catalogue and stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ServiceComponent>,

    /// Orders, as the shop's customers reach them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<ServiceComponent>,

    /// Sagas and deliveries of the order service. Runs the image of `order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerComponent>,
}

/// Settings of a service.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceComponent {
    /// Full image reference, in place of `{image.registry}/{component}:{version}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$")
    )]
    pub image: Option<String>,

    /// Number of pods; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 50))]
    pub replicas: Option<i32>,

    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

/// Settings of a worker, whose image is another component's.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerComponent {
    /// Number of pods; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 50))]
    pub replicas: Option<i32>,

    /// CPU and memory of each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}
