//! Products: what is sold, by which name and at which price.

mod create_product;
mod delete_product;
pub mod http;
pub mod model;
pub mod postgres;
pub mod reads;
mod update_product;

pub(crate) use self::postgres::product_lists::{rows, total};
pub use create_product::{CreateProductError, create_product};
pub use delete_product::delete_product;
pub use update_product::{ProductChange, UpdateProductError, set_status, update_product};
