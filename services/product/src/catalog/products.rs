//! Products: what is sold, by which name and at which price.

mod create_product;
pub mod http;
pub mod model;
pub mod postgres;
pub mod reads;
mod update_product;

pub(crate) use self::postgres::{
    product_lists::{rows, total},
    products::delete,
};
pub use create_product::{CreateProductError, create_product};
pub use update_product::{ProductChange, UpdateProductError, set_status, update_product};
