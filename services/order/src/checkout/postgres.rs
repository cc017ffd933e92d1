//! Placing orders in Postgres: a batch is one transaction, each of its statements set-wise and in key order.

pub(crate) mod create;
mod insert;
pub(crate) mod recorded;
pub(crate) mod unpaid;
pub(crate) mod unpaid_units;
