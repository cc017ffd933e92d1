//! Inventory: units of a SKU as its vendor knows and counts them.

mod change_on_hand;
mod first_units;
pub mod http;
pub mod model;
pub mod postgres;
mod request_audit;

pub(crate) use self::postgres::{
    inventory::{find, rows, total},
    movements::{MovementRow, rows as movement_rows, total as movement_total},
};
pub use change_on_hand::{ChangeOnHand, InventoryError, NewCount, change_on_hand};
pub(crate) use first_units::keep_first_units;
pub(crate) use request_audit::record_audit;
