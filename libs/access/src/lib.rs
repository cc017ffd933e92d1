//! Access tokens (RFC 9068, ES256): what they claim, who may call, and the keys that verify them.
//! auth issues tokens; this library has what every service needs to verify one, the permissions of roles, and the
//! tokens of calls between services.

mod caller;
mod claims;
pub mod internal;
mod keys;
pub mod permissions;
mod revocations;
mod signatures;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verifier;

pub use caller::{Caller, Guest, Requires};
pub use claims::{Claims, Role, TOKEN_TYPE, TokenScope};
pub use keys::JwksError;
pub use permissions::{Grant, Permissions, Reach};
pub use revocations::{EndedSession, RaisedEpoch, Revoked};
#[cfg(any(test, feature = "testing"))]
pub use verifier::read_unverified;
pub use verifier::{TokenSettings, Verifier};
