//! Tokens: how they are signed and hashed, and the feed of those that count no more.

pub mod http;
pub mod postgres;
pub mod secret;
pub mod signing;
