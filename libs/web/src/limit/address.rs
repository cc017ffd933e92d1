//! Requests per address: an IPv4 address, or the network of one IPv6 customer.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use tokio::time::Instant;

use super::{Exceeded, Limiter, Policy, Quota};

/// A site has the 65,536 networks of its /48: together they have the limit of this many customers.
const NETWORKS_A_SITE: u32 = 16;

/// Counts by address. Clones share their counters.
#[derive(Clone, Debug)]
pub struct AddressLimiter {
    /// By IPv4 address, and by IPv6 /64: a client with one address of a /64 has all 2^64.
    networks: Limiter,
    /// By IPv6 /48.
    sites: Limiter,
}

impl AddressLimiter {
    pub fn per_minute(name: &'static str, limit: u32) -> Self {
        let policy = |limit| Policy {
            name,
            limit,
            window: Duration::from_mins(1),
        };
        Self {
            networks: Limiter::new(policy(limit)),
            sites: Limiter::new(policy(limit.saturating_mul(NETWORKS_A_SITE))),
        }
    }

    pub fn count(&self, address: IpAddr, now: Instant) -> Result<Quota, Exceeded> {
        // The smaller network first: a request that is refused there does not count for its neighbours.
        let quota = self.networks.count(network(address), now)?;
        if let Some(site) = site(address) {
            self.sites.count(site, now)?;
        }
        Ok(quota)
    }

    pub(super) fn give_back(&self, address: IpAddr, now: Instant) {
        self.networks.give_back(network(address), now);
        if let Some(site) = site(address) {
            self.sites.give_back(site, now);
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(prefix(address, 64)),
    }
}

fn site(address: IpAddr) -> Option<Ipv6Addr> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(prefix(address, 48)),
    }
}

fn prefix(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let (limiter, now) = (AddressLimiter::per_minute("address", 1), Instant::now());
        assert!(limiter.count(address("2001:db8::1"), now).is_ok());
        assert!(limiter.count(address("2001:db8::2"), now).is_err());
        assert!(limiter.count(address("2001:db8:0:1::1"), now).is_ok());
        assert!(limiter.count(address("203.0.113.1"), now).is_ok());
        assert!(limiter.count(address("203.0.113.2"), now).is_ok());
    }

    #[test]
    fn the_networks_of_one_site_are_not_as_many_clients() {
        let (limiter, now) = (AddressLimiter::per_minute("address", 2), Instant::now());
        let tried = (0..1_000_u128).map(|network| {
            let first = address("2001:db8::").to_canonical();
            let IpAddr::V6(first) = first else {
                panic!("an IPv6 address")
            };
            IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() | network << 64))
        });
        let admitted = tried.filter(|address| limiter.count(*address, now).is_ok());
        assert_eq!(admitted.count(), 32);
        assert!(
            limiter.count(address("2001:db8:1::1"), now).is_ok(),
            "another site"
        );
    }
}
