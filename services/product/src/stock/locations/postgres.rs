//! Locations in SQL.

pub mod locations;
