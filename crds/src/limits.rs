//! Rate limits by address, account and customer. The services' defaults apply to absent fields.

use crate::names::ADDRESS_RANGE;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Rate limits by address, account and customer. Limits per address are counted in each pod.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("!has(self.trustedProxies) || self.trustedProxies.all(range, isCIDR(range))")
        .message("trustedProxies must be address ranges in CIDR notation, such as 10.0.0.0/8").field_path(".trustedProxies")
)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Address ranges of proxies whose `X-Forwarded-For` is trusted, such as `10.0.0.0/8`: those of the ingress
    /// controller and of load balancers in front of it. Private, loopback and link-local ranges if absent; an empty
    /// list trusts none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 32),
        inner(length(min = 4, max = 49), regex(pattern = ADDRESS_RANGE))
    )]
    pub trusted_proxies: Option<Vec<String>>,

    /// Logins per minute from one address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub logins_per_address_per_minute: Option<i32>,

    /// Requests per minute from one address to register, to log in, to refresh a token and for other credentials, in total.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_address_per_minute: Option<i32>,

    /// Failed logins of one account in 15 minutes before further logins are rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failed_logins_per_account: Option<i32>,

    /// Token refreshes of one account in 15 minutes, over all of its sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub refreshes_per_account: Option<i32>,

    /// Requests without a token per minute from one address to search and list products.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub guest_requests_per_address_per_minute: Option<i32>,

    /// Changes of orders and payments, such as cancellations, that one customer may request per minute, in each pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub changes_per_customer_per_minute: Option<i32>,
}
