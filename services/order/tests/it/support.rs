//! What tests share: a shop of their own, a stand-in for product, and helpers.

mod asking;
pub(crate) mod commit_proxy;
pub(crate) mod counting;
pub(crate) mod payments;
pub(crate) mod product;
pub(crate) mod shop;
