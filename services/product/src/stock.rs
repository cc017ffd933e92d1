//! Stock: how many units there are, where, and who holds them.

pub mod inventory;
pub mod locations;
pub mod postgres;
pub mod reservations;
pub mod shortfalls;
