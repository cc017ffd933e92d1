//! How often guests may read lists: callers without a token are counted by address, in this process (ORDERS 34).

use web::limit::{AddressGate, AddressLimiter, ProxySettings};

const DEFAULT_LIMIT: u32 = 600;

#[derive(Clone, Debug, clap::Args)]
pub struct GuestLimits {
    /// Lists that guests of one address read within a minute, for each replica. A storefront that asks for its guests
    /// passes their addresses on in X-Forwarded-For, from an address that is trusted.
    #[arg(long, env = "GUEST_LIMIT_PER_ADDRESS_PER_MINUTE", default_value_t = DEFAULT_LIMIT)]
    pub guest_limit_per_address_per_minute: u32,
    #[command(flatten)]
    pub proxies: ProxySettings,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            guest_limit_per_address_per_minute: DEFAULT_LIMIT,
            proxies: ProxySettings::default(),
        }
    }
}

impl GuestLimits {
    /// What stands before every list that guests may read.
    pub fn gate(self) -> AddressGate {
        let limiter = AddressLimiter::per_minute("guest", self.guest_limit_per_address_per_minute);
        AddressGate::of_guests(self.proxies.trusted_proxies, limiter)
    }
}
