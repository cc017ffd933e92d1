//! Tokens: how they are signed and hashed, and which were revoked.

pub mod http;
pub mod model;
pub mod postgres;
pub mod revoked;
pub mod secret;
pub mod signing;

pub(crate) use self::{postgres::since as revoked_since, revoked::refuse_revoked};
