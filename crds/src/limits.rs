//! How many requests the shop takes from one address, for one account and from one customer. What is absent is left to
//! the services.

use crate::names::ADDRESS_RANGE;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How many requests the shop takes from one address, for one account and from one customer. Limits per address count in each pod.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("!has(self.trustedProxies) || self.trustedProxies.all(range, isCIDR(range))")
        .message("trustedProxies holds ranges of addresses such as 10.0.0.0/8").field_path(".trustedProxies")
)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Ranges of addresses whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`: those of the ingress controller
    /// and of load balancers before it. Private, loopback and link-local ranges if absent; an empty list believes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 32),
        inner(length(min = 4, max = 49), regex(pattern = ADDRESS_RANGE))
    )]
    pub trusted_proxies: Option<Vec<String>>,

    /// Logins of one address in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub logins_per_address_per_minute: Option<i32>,

    /// Requests of one address in a minute to register, to log in and to refresh a token, taken together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_address_per_minute: Option<i32>,

    /// Failed logins of one account in 15 minutes, after which it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failed_logins_per_account: Option<i32>,

    /// Refreshed tokens of one account in 15 minutes, over all of its sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub refreshes_per_account: Option<i32>,

    /// Requests without a token of one address in a minute to search and list products.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub guest_requests_per_address_per_minute: Option<i32>,

    /// Changes of orders and payments, such as cancellations, that one customer may ask for in a minute, in each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub changes_per_customer_per_minute: Option<i32>,
}
