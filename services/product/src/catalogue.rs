//! What is for sale, as types that cannot be wrong. No SQL and no HTTP.

mod create_product;
mod listing;
mod metadata;
mod price;
mod product;
mod product_name;
mod sku;
mod slug;
mod text;
mod update_product;
mod viewer;

pub use create_product::{CreateProductError, NewProduct, create_product};
pub use listing::{Filter, Position, Sort};
pub use metadata::{Metadata, MetadataError};
pub use price::{MAX_PRICE_MINOR, PriceError, price};
pub use product::{Product, ProductId, Status, VendorId};
pub use product_name::ProductName;
pub use sku::{Sku, SkuError};
pub use slug::{Slug, SlugError};
pub use text::{Category, Description, Name, Reason, TextError};
pub use update_product::{ProductChange, UpdateProductError, set_status, update_product};
pub use viewer::{Owner, Viewer};
