//! Where images are pulled from, and how.

use crate::names::{REGISTRY, SUBDOMAIN};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// Where images are pulled from: `{registry}/{component}:{version}`.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Registry and path before the component's name; `docker.io/ecommercestack` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), regex(pattern = REGISTRY))]
    pub registry: Option<String>,

    /// When the kubelet pulls an image; `IfNotPresent` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_policy: Option<PullPolicy>,

    /// Secrets of type `kubernetes.io/dockerconfigjson` in the stack's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub pull_secrets: Option<Vec<PullSecret>>,
}

/// The name of a pull secret.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PullSecret {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,
}

/// When the kubelet pulls an image.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[strum(const_into_str)]
pub enum PullPolicy {
    /// At every start of a container.
    Always,
    /// If the image is not on the node yet.
    #[default]
    IfNotPresent,
    /// Never: the image must already be on the node.
    Never,
}

impl Image {
    pub const DEFAULT_REGISTRY: &str = "docker.io/ecommercestack";
}
