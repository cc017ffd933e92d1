//! Shortfalls in SQL.

pub mod shortfalls;
