//! Connections to the database and its failures. The database's clock counts, and the database sorts.

pub mod failure;
pub mod idempotency_keys;
pub mod pools;
