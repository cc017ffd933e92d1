//! Connections to the database, its failures, and rows that may be unreadable. The database's clock counts, and the
//! database sorts.

pub mod failure;
pub mod idempotency_keys;
pub mod pools;
pub mod readable;
