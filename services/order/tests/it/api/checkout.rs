//! The endpoints of checkout.

mod create_order;
mod create_order_twins;
mod create_order_without_product;
