//! The endpoints of inventory.

mod adjust_inventory;
mod audit_inventory;
mod get_inventory;
mod list_inventory;
mod list_movements;
mod set_inventory;
