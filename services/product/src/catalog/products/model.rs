//! What is for sale, as types that cannot be wrong. No SQL and no HTTP.

mod listing;
mod metadata;
mod price;
mod product;
mod product_name;
mod sku;
mod slug;
mod text;
mod viewer;

pub use listing::{Filter, Position, Sort};
pub use metadata::{Metadata, MetadataError};
pub use price::{MAX_PRICE_MINOR, PriceError, price};
pub use product::{NewProduct, Product, ProductId, Status, VendorId};
pub use product_name::ProductName;
pub use sku::{Sku, SkuError};
pub use slug::{Slug, SlugError, is_hyphenated};
pub use text::{Category, Description, Name, Reason, TextError};
pub use viewer::{Admin, Owner, Viewer};
