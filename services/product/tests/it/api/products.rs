//! The endpoints of products.

mod create_product;
mod delete_product;
mod enable_and_disable_product;
mod get_product;
mod guest_limits;
mod list_products;
mod list_vendor_products;
mod update_product;
