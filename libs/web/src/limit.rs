//! Rate limits of clients: the address of a request, counters that an attacker can neither fill nor reset, and the
//! header fields with the remaining quota.

mod address;
mod client_address;
mod layer;
mod quota;
mod windows;

pub use address::AddressLimiter;
pub use client_address::{ClientAddress, ProxySettings, TrustedProxies};
pub use layer::{AddressGate, LimitedByAddress, limit_by_address};
pub use quota::{Exceeded, Meter, Policy, Quota};
pub use windows::Limiter;
