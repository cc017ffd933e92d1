//! Reservations: units that are held for orders, leave with them, and come back. The rules are ORDERS 1 to 13.

pub mod http;
mod lose;
pub mod model;
mod overdue;
mod parcels;
pub mod postgres;
mod reach;
mod reserve;
mod retake;
mod settle;

pub(crate) use self::postgres::{
    order_holds::{UnitsRow, page as holds_by_order},
    reservations::{Position, Wanted, rows, total},
};
pub(crate) use lose::lose;
pub use model::{Parcel, ParcelLine};
pub use overdue::expire_overdue;
pub(crate) use overdue::{TakenBack, take_back};
pub use parcels::{ParcelOutcome, Returned, Shipped, restock, ship};
pub(crate) use reach::{Attempt, Reach, attempts};
pub use reserve::reserve;
pub use settle::{
    Committed, Extended, Extension, Outcome, Release, Released, commit, extend, release,
};
