//! The outside: HTTP towards customers, Postgres, and product's internal API. Adapters do not know each other.

pub mod catalog_http;
pub mod http;
pub mod postgres;
