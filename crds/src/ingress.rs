//! The route from outside the cluster.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// The route from outside: one Ingress without annotations of any controller.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ingress {
    /// Host name of the shop; any host if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub host: Option<String>,

    /// Name of the `IngressClass`; the cluster's default class if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub class_name: Option<String>,

    /// Whether the short paths `/products` and `/orders` are routed too; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_aliases: Option<bool>,
}
