//! What endpoints of several subjects share.

pub(crate) mod callers;
pub(crate) mod field_errors;
pub(crate) mod listing;
pub(crate) mod merge_patch;
pub(crate) mod names;
