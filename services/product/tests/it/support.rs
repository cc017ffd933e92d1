//! What tests share: a shop of their own.

pub(crate) mod shop;
