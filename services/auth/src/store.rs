//! All SQL of this service. A function is one transaction; the database's clock counts.

pub mod attempts;
pub mod revocations;
pub mod sessions;
pub mod users;
