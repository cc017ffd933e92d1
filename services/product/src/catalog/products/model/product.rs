//! A product, with the sum of its stock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Category, Description, Metadata, Name, Sku, Slug};

ids::id!(
    #[derive(sqlx::Type)]
    #[sqlx(transparent)]
    pub ProductId, "prd"
);
ids::id!(
    /// The user who sells a product.
    #[derive(sqlx::Type)]
    #[sqlx(transparent)]
    pub VendorId, "usr"
);

/// Only active products are visible to guests and can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Status {
    Draft,
    Active,
    Disabled,
}

#[derive(Clone, Debug)]
pub struct Product {
    pub id: ProductId,
    pub vendor_id: VendorId,
    pub sku: Sku,
    pub slug: Slug,
    pub name: Name,
    pub description: Description,
    pub price_minor: i64,
    pub category: Option<Category>,
    pub metadata: Metadata,
    pub status: Status,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
    /// The location that orders are filled from first.
    pub warehouse: String,
}

#[derive(Clone, Debug)]
pub struct NewProduct {
    pub vendor_id: VendorId,
    pub sku: Sku,
    /// Made from the name where absent.
    pub slug: Option<Slug>,
    pub name: Name,
    pub description: Description,
    pub price_minor: i64,
    pub category: Option<Category>,
    pub metadata: Metadata,
    pub status: Status,
    pub on_hand: i64,
}
