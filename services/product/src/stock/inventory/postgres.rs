//! Inventory in SQL.

pub mod inventory;
pub mod movements;
