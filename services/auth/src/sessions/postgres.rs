//! Sessions in SQL. A function is one transaction; the database's clock counts.

pub mod sessions;
