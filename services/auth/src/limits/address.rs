//! Requests per address and minute, counted in this process before any expensive work.

use tokio::time::Instant;
use web::limit::{AddressGate, AddressLimiter, ClientAddress, Meter, ProxySettings};

use super::LimitError;

const DEFAULT_REQUESTS: u32 = 600;
const DEFAULT_LOG_INS: u32 = 30;
/// The limit of logins from known devices is this multiple of the one from unknown devices: the devices of an office share
/// an address.
const KNOWN_DEVICES: u32 = 2;
/// The limit of registrations is this multiple of the one of logins from unknown devices: only the address limits them.
const REGISTRATIONS: u32 = 4;

#[derive(Clone, Debug, clap::Args)]
pub struct AddressLimits {
    /// Requests to register, to log in, to refresh and for other credentials from one address within a minute, for each replica. Successful
    /// refreshes are counted by session and account instead.
    #[arg(long, env = "ADDRESS_LIMIT_PER_MINUTE", default_value_t = DEFAULT_REQUESTS)]
    pub address_limit_per_minute: u32,
    /// Logins from one address within a minute, for each replica. Logins from devices that an account has logged in from
    /// before are counted separately, up to twice as many, and registrations up to four times as many. As many changes of
    /// passwords and e-mail addresses and as many requests to reset a password are counted separately too.
    #[arg(long, env = "LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE", default_value_t = DEFAULT_LOG_INS)]
    pub login_limit_per_address_per_minute: u32,
    #[command(flatten)]
    pub proxies: ProxySettings,
}

impl Default for AddressLimits {
    fn default() -> Self {
        Self {
            address_limit_per_minute: DEFAULT_REQUESTS,
            login_limit_per_address_per_minute: DEFAULT_LOG_INS,
            proxies: ProxySettings::default(),
        }
    }
}

/// The counters of this process. Clones share them. Each kind of request that hashes a password has its own counter, so that
/// none delays the others; together they admit about half of what the hashing pool of a small pod does in a minute.
#[derive(Clone, Debug)]
pub struct AddressCounters {
    /// The limit of every endpoint that is limited by address.
    pub(crate) gate: AddressGate,
    /// Logins without a device, or from one that another account has logged in from.
    pub(crate) log_ins: Counter,
    /// Logins from devices that some account has logged in from.
    pub(crate) known_devices: Counter,
    pub(crate) registrations: Counter,
    /// Passwords that logged-in users present again or change, and those of resets.
    pub(crate) passwords: Counter,
    /// Password resets that are asked for: each may send a message to a stranger.
    pub(crate) resets: Counter,
}

#[derive(Clone, Debug)]
pub(crate) struct Counter(AddressLimiter);

impl Counter {
    pub(crate) fn count(
        &self,
        ClientAddress(address): ClientAddress,
        meter: &Meter,
    ) -> Result<(), LimitError> {
        Ok(meter.record(self.0.count(address, Instant::now()))?)
    }
}

impl AddressCounters {
    pub fn new(limits: AddressLimits) -> Self {
        let log_ins = limits.login_limit_per_address_per_minute;
        let times = |name, factor| {
            Counter(AddressLimiter::per_minute(
                name,
                log_ins.saturating_mul(factor),
            ))
        };
        let requests = AddressLimiter::per_minute("address", limits.address_limit_per_minute);
        Self {
            gate: AddressGate::new(limits.proxies.trusted_proxies, requests),
            log_ins: times("login", 1),
            known_devices: times("login", KNOWN_DEVICES),
            registrations: times("register", REGISTRATIONS),
            passwords: times("password", 1),
            resets: times("messages", 1),
        }
    }
}
