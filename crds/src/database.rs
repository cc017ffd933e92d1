//! The shop's database and its volume.

use crate::{
    Resources,
    names::{IMAGE, SUBDOMAIN},
};
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Where the shop's data is stored. Exactly one kind is set, and the kind is immutable.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("has(self.managed)").message("set managed: it is the only kind of database")
)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// PostgreSQL run by the operator in the stack's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<ManagedDatabase>,
}

/// PostgreSQL run by the operator.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    // On the parent, since a rule on a field that was removed is skipped (OPERATOR 7).
    validation = Rule::new("(has(self.storage.className) ? self.storage.className : '') == (has(oldSelf.storage.className) ? oldSelf.storage.className : '')")
        .message("the storage class cannot change; create a new stack and move the data").field_path(".storage"),
    validation = Rule::new("self.storage.size == oldSelf.storage.size")
        .message("the volume's size cannot change yet; create a new stack and move the data").field_path(".storage"),
    // The limit of the pod is its request if only that is set.
    validation = Rule::new("!has(self.resources) || (has(self.resources.limits) && has(self.resources.limits.memory) ? quantity(self.resources.limits.memory) : has(self.resources.requests) && has(self.resources.requests.memory) ? quantity(self.resources.requests.memory) : quantity('256Mi')).compareTo(quantity('256Mi')) >= 0")
        .message("PostgreSQL needs at least 256Mi of memory: raise database.managed.resources.limits.memory").field_path(".resources")
)]
#[serde(rename_all = "camelCase")]
pub struct ManagedDatabase {
    /// The volume that holds the data.
    pub storage: Storage,

    /// CPU and memory of each database pod; the memory limit is 1Gi if absent, and a quarter of it is used for
    /// `shared_buffers`. A change restarts the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,

    /// Full image reference, in place of `{image.registry}/postgres:{version}`. A change restarts the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = IMAGE))]
    pub image: Option<String>,
}

/// The volume that holds the data.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    // The write-ahead log alone may take 256 MB, and it may be a quarter of the volume.
    validation = Rule::new("quantity(self.size).compareTo(quantity('1Gi')) >= 0 && quantity(self.size).compareTo(quantity('64Ti')) <= 0")
        .message("storage.size must be from 1Gi to 64Ti").field_path(".size")
)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Size of the volume, from `1Gi` to `64Ti`. A quarter of it, 4 GB at most, is reserved for the write-ahead log
    /// (`max_wal_size`): in a busy shop, a small volume causes frequent checkpoints.
    #[schemars(length(min = 1, max = 12), regex(pattern = r"^[1-9][0-9]*(Mi|Gi|Ti)$"))]
    pub size: String,

    /// Name of the `StorageClass`; the cluster's default class if absent. Immutable.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub class_name: Option<String>,
}
