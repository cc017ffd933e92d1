//! What every request to the shop's API has to carry.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What every request has to carry.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    /// Whether requests that place an order, start a payment or refund one are refused without an `Idempotency-Key`;
    /// `false` if absent, and such a request that is repeated may then order twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_idempotency_key: Option<bool>,
}

impl Api {
    pub fn require_idempotency_key(&self) -> bool {
        self.require_idempotency_key.unwrap_or(false)
    }
}
