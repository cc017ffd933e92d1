//! What endpoints of several subjects share.

pub(crate) mod batch;
pub(crate) mod listing;
