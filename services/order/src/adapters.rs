//! The outside: HTTP towards customers, Postgres, product's internal API, and providers of payments.
//! Adapters do not know each other.

pub mod catalog_http;
pub mod http;
pub mod payments;
pub mod postgres;
