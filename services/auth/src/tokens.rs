//! Tokens: how they are signed and hashed, and the feed of revocations.

pub mod http;
pub mod model;
pub mod postgres;
pub mod secret;
pub mod signing;

pub(crate) use self::postgres::since as revoked_since;
