//! What tests share: a service of their own and a client of it.

pub(crate) mod fixture;
