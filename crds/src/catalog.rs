//! How the shop's products are shown.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How products are shown to guests and customers.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    /// Milliseconds that guests and customers may be shown a product, and what is available of it, from memory; 1000 if
    /// absent, 0 reads it from the database each time. Vendors and admins always see it as it is, and an order never
    /// sells what is gone.
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
