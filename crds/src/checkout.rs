//! What an order requires, and how many units may be unpaid.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What an order requires, and how many units may be unpaid.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkout {
    /// Whether an order without a `shipping_address` is rejected; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_shipping_address: Option<bool>,

    /// Units of one SKU that one customer may have in unpaid orders at the same time, and therefore in one order; 100
    /// if absent. Applies only if orders wait for a payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_unpaid_units_per_sku: Option<i32>,
}

impl Checkout {
    pub const DEFAULT_MAX_UNPAID_UNITS_PER_SKU: i32 = 100;

    pub fn require_shipping_address(&self) -> bool {
        self.require_shipping_address.unwrap_or(false)
    }

    pub fn max_unpaid_units_per_sku(&self) -> i32 {
        self.max_unpaid_units_per_sku
            .unwrap_or(Self::DEFAULT_MAX_UNPAID_UNITS_PER_SKU)
    }
}
