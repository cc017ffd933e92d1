//! What endpoints of several subjects share.

pub(crate) mod batch;
mod callers;
pub(crate) mod listing;
