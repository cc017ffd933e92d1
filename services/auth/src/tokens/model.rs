//! The hashes by which tokens are known, and how long they are valid.

/// The lifetime of an access token in seconds.
pub const ACCESS_SECONDS: i64 = 15 * 60;

/// The 32-byte hash of a secret, from which the secret cannot be derived.
pub type Hash = [u8; 32];
