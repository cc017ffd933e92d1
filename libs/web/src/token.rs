//! Access tokens (RFC 9068, ES256): what they claim, who may call, and the keys that verify them.
//! auth issues tokens; this module has what every service needs to verify one.

mod caller;
mod claims;
mod keys;
pub mod permissions;
mod revocations;
mod signatures;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod verifier;

pub use caller::{Caller, Guest, Requires};
pub(crate) use caller::{carries_token, is_ambiguous};
pub use claims::{Claims, Role, TOKEN_TYPE, TokenScope};
pub use keys::JwksError;
pub use permissions::Reach;
pub use revocations::{EndedSession, RaisedEpoch, RevocationFeed, Revoked};
pub use verifier::Verifier;
#[cfg(any(test, feature = "testing"))]
pub(crate) use verifier::read_unverified;
