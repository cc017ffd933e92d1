//! What tokens are known by, and how long they are valid.

/// Seconds that an access token is good for.
pub const ACCESS_SECONDS: i64 = 15 * 60;

/// What is kept of a secret: 32 bytes that do not lead back to it.
pub type Hash = [u8; 32];
