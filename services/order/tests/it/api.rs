//! One file an endpoint.

mod create_order;
mod create_order_twins;
mod create_order_without_product;
mod get_order;
mod get_order_history;
mod list_orders;
mod list_orders_by_status;
mod list_orders_of_user;
mod list_vendor_orders;
mod patch_order;
mod set_order_status;
