//! Fulfillments in Postgres, and those of them that product must be told of.

mod fulfillments;
mod shipments;
