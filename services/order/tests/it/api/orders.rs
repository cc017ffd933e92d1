//! The endpoints of orders.

mod cancel_order;
mod get_order;
mod get_order_history;
mod list_orders;
mod list_orders_by_status;
mod list_orders_of_user;
mod list_vendor_orders;
mod patch_order;
mod set_order_status;
