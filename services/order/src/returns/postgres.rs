//! Returns in Postgres, and the queue of those that are to be reported to product.

mod received_returns;
mod returns;
