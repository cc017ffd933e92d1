//! One file an endpoint.

mod create_order;
mod create_order_twins;
mod create_order_without_product;
mod get_order;
mod list_orders;
mod list_orders_by_status;
mod list_orders_of_user;
