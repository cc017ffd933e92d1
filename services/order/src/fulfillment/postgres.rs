//! Fulfillments in Postgres, and the queue of those that are to be reported to product.

mod fulfillments;
mod shipments;
