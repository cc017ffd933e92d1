//! Code that the SQL of several subjects shares.

pub(crate) mod users;
