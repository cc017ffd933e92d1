//! What all of stock shares in SQL.

pub mod levels;
