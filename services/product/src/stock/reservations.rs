//! Reservations: units that are held for orders, leave with them, and come back. The rules are ORDERS 1 to 13.

pub mod http;
pub mod model;
pub(crate) mod overdue;
mod parcels;
pub mod postgres;
mod reserve;
mod retake;
mod settle;

pub(crate) use overdue::Reach;
pub use overdue::{expire_overdue, expire_overdue_but};
pub use parcels::{
    OrderLine, Packing, Parcel, ParcelLine, ParcelOutcome, Returned, Shipped, Way, restock, ship,
};
pub use reserve::reserve;
pub use settle::{
    Committed, Extended, Extension, Outcome, Release, Released, commit, extend, release,
};
