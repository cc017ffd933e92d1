//! Reservations: units that are held for orders, leave with them, and come back. The rules are ORDERS 1 to 13.

pub mod http;
mod lose;
pub mod model;
mod overdue;
pub mod postgres;
mod reach;
mod reserve;
mod retake;
mod settle;
mod transfers;

pub(crate) use self::postgres::{
    order_holds::{UnitsRow, page as holds_by_order},
    reservations::{Position, Wanted, rows, total},
};
pub(crate) use lose::lose;
pub use model::{Transfer, TransferLine};
pub use overdue::expire_overdue;
pub(crate) use overdue::{TakenBack, take_back};
pub(crate) use reach::{Attempt, Reach, attempts};
pub use reserve::reserve;
pub use settle::{
    Committed, Extended, Extension, Outcome, Release, Released, commit, extend, release,
};
pub use transfers::{Returned, Shipped, TransferOutcome, restock, ship};
