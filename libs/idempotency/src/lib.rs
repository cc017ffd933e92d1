//! Requests that carry an `Idempotency-Key` are executed once, and a repeated one gets the first one's response (ORDERS 18):
//! the header, the hashes that tell one request from another, and the protocol. The rows belong to the service, since they
//! are written in the transaction of the change.

mod answer;
mod in_flight;
mod key;
mod request;

pub use answer::{Answer, replayed};
pub use in_flight::{Flight, InFlight};
pub use key::{IdempotencyKey, KeyPolicy, OptionalKey, RequestKey, announce_made_key};
pub use request::{Claim, KeyInUse, KeyReused, Once, request_hash};
pub use web::fingerprint::{fingerprint, hash};
