//! How the shop's products are served.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How products are served to guests and customers.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    /// Milliseconds for which a product and its availability may be served from a cache to guests and customers; 1000
    /// if absent, 0 reads the database each time. Vendors and admins always see the current state, and orders always
    /// check the current stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 60_000))]
    pub cache_milliseconds: Option<i32>,
}

impl Catalog {
    pub const DEFAULT_CACHE_MILLISECONDS: i32 = 1_000;

    pub fn cache_milliseconds(&self) -> i32 {
        self.cache_milliseconds
            .unwrap_or(Self::DEFAULT_CACHE_MILLISECONDS)
    }
}
