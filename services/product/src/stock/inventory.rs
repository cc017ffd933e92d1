//! Inventory: units of a SKU as its vendor knows and counts them.

mod change_on_hand;
pub mod http;
pub mod model;
pub mod postgres;

pub use change_on_hand::{ChangeOnHand, InventoryError, NewCount, change_on_hand};
