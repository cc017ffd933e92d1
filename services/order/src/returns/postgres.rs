//! Returns in Postgres, and those of them that product must be told of.

mod received_returns;
mod returns;
