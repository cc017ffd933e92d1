//! The catalogue: what is for sale.

pub mod products;
