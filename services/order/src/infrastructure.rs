//! What the subjects share of the outside: HTTP, Postgres, and product's internal API.

pub(crate) mod http;
pub mod postgres;
pub mod product_client;
