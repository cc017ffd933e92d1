//! Holds, their transfers, and the rows of stock under them, in SQL.

pub mod holds;
pub mod offers;
pub mod order_holds;
pub mod reservations;
pub mod retakes;
pub mod transfers;
