//! What the shop's API requires of requests.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What the shop's API requires of requests.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    /// Whether requests that place an order, start a payment or refund one are rejected without an `Idempotency-Key`;
    /// `false` if absent. Without the header, a retried request may place a second order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_idempotency_key: Option<bool>,
}

impl Api {
    pub fn require_idempotency_key(&self) -> bool {
        self.require_idempotency_key.unwrap_or(false)
    }
}
