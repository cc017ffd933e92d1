//! One file an endpoint.

mod adjust_inventory;
mod aliases;
mod audit_inventory;
mod create_product;
mod delete_product;
mod enable_and_disable_product;
mod get_inventory;
mod get_product;
mod guest_limits;
mod list_and_create_locations;
mod list_and_settle_shortfalls;
mod list_inventory;
mod list_movements;
mod list_order_holds;
mod list_products;
mod list_reservations;
mod list_vendor_products;
mod openapi;
mod reserve_stock;
mod set_inventory;
mod ship_and_return_goods;
mod unreadable_rows;
mod update_product;
