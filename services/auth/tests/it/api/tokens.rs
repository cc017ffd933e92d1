//! The endpoints of tokens.

mod get_jwks;
mod list_revocations;
