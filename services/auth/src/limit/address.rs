//! Requests per address and minute, counted in this process, before anything costly is done.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;
use web::Problem;

use super::{LimitError, Quota, client_address::TrustedProxies};

const DEFAULT_LIMIT: u32 = 600;
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses remembered at the same time; some 4 MiB.
const MAX_ADDRESSES: usize = 65_536;

#[derive(Clone, Debug, clap::Args)]
pub struct AddressLimits {
    /// Requests to register, log in and refresh of one address within a minute, for each replica.
    #[arg(long, env = "ADDRESS_LIMIT_PER_MINUTE", default_value_t = DEFAULT_LIMIT)]
    pub address_limit_per_minute: u32,
    /// Whose X-Forwarded-For is believed, as CIDRs with commas between them.
    #[arg(long, env = "TRUSTED_PROXIES", default_value_t)]
    pub trusted_proxies: TrustedProxies,
}

impl Default for AddressLimits {
    fn default() -> Self {
        Self {
            address_limit_per_minute: DEFAULT_LIMIT,
            trusted_proxies: TrustedProxies::default(),
        }
    }
}

#[derive(Clone)]
pub struct AddressLimiter(Arc<Inner>);

struct Inner {
    limits: AddressLimits,
    windows: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    started: Instant,
    requests: u32,
}

impl AddressLimiter {
    pub fn new(limits: AddressLimits) -> Self {
        Self(Arc::new(Inner {
            limits,
            windows: Mutex::default(),
        }))
    }

    fn count(&self, address: IpAddr, now: Instant) -> Result<Quota, LimitError> {
        let limit = self.0.limits.address_limit_per_minute;
        let address = network(address);
        let mut windows = self
            .0
            .windows
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MAX_ADDRESSES && !windows.contains_key(&address) {
            make_room(&mut windows, now);
        }
        let window = windows.entry(address).or_insert(Window {
            started: now,
            requests: 0,
        });
        if now.duration_since(window.started) >= WINDOW {
            *window = Window {
                started: now,
                requests: 0,
            };
        }
        window.requests = window.requests.saturating_add(1);
        let left = WINDOW.saturating_sub(now.duration_since(window.started));
        let quota = Quota {
            name: "address",
            limit,
            window_seconds: seconds_up(WINDOW),
            remaining: limit.saturating_sub(window.requests),
            reset_seconds: seconds_up(left),
        };
        if window.requests > limit {
            Err(LimitError::Exceeded(quota))
        } else {
            Ok(quota)
        }
    }
}

/// The layer of the endpoints that are limited; every answer of theirs says what is left.
pub async fn limit_by_address(
    State(limiter): State<AddressLimiter>,
    request: Request,
    next: Next,
) -> Response {
    let address = limiter.0.limits.trusted_proxies.client(&request);
    match limiter.count(address, Instant::now()) {
        Ok(quota) => {
            let mut response = next.run(request).await;
            for (name, value) in quota.headers() {
                response.headers_mut().append(name, value);
            }
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Whoever has one IPv6 address has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}

/// Forgets what has run out, or else anyone: so many addresses are one attacker's, and the account limits hold.
fn make_room(windows: &mut HashMap<IpAddr, Window>, now: Instant) {
    windows.retain(|_, window| now.duration_since(window.started) < WINDOW);
    if windows.len() >= MAX_ADDRESSES {
        let kept = MAX_ADDRESSES / 2;
        let forgotten: Vec<_> = windows.keys().skip(kept).copied().collect();
        for address in forgotten {
            windows.remove(&address);
        }
    }
}

fn seconds_up(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(limit: u32) -> AddressLimiter {
        AddressLimiter::new(AddressLimits {
            address_limit_per_minute: limit,
            trusted_proxies: TrustedProxies::default(),
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_ends_after_a_minute() {
        let (limiter, now) = (limiter(2), Instant::now());
        let ann = address("203.0.113.1");
        assert_eq!(limiter.count(ann, now).unwrap().remaining, 1);
        assert!(limiter.count(ann, now).is_ok());
        assert!(limiter.count(ann, now + Duration::from_secs(59)).is_err());
        assert!(
            limiter.count(address("203.0.113.2"), now).is_ok(),
            "another address counts apart"
        );
        assert!(limiter.count(ann, now + Duration::from_mins(1)).is_ok());
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let (limiter, now) = (limiter(1), Instant::now());
        assert!(limiter.count(address("2001:db8::1"), now).is_ok());
        assert!(limiter.count(address("2001:db8::2"), now).is_err());
        assert!(limiter.count(address("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let (limiter, now) = (limiter(1), Instant::now());
        for bits in 0..u32::try_from(MAX_ADDRESSES).unwrap() + 10 {
            limiter.count(IpAddr::V4(bits.into()), now).unwrap();
        }
        assert!(limiter.0.windows.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}
