//! Connections to the database and its failures. The database's clock counts, and the database sorts.

pub mod audit_outbox;
pub mod failure;
pub mod idempotency_keys;
pub mod pools;
