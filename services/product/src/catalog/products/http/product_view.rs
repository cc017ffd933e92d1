//! A product as clients see it.

use access::Caller;
use axum::Json;
use chrono::{DateTime, Utc};
use money::{Currency, Money};
use serde::Serialize;
use utoipa::ToSchema;
use web::conditional::ETag;

use crate::catalog::products::model::{
    Category, Description, Metadata, Name, Product, ProductId, Sku, Slug, Status, VendorId, Viewer,
};

#[derive(Serialize, ToSchema)]
#[schema(as = Product, example = json!({
    "id": "prd_01932c5e-7d2a-7c3e-9f00-0242ac120002", "sku": "MUG-BLUE-350", "slug": "blue-mug", "name": "Blue mug",
    "description": "Holds 350 ml.", "price": { "amount": "12.50", "minor": 1250, "currency": "USD" },
    "vendor_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120003", "category": "kitchen", "metadata": { "colour": "blue" },
    "status": "active", "inventory": { "available": 7, "in_stock": true },
    "created_at": "2026-11-21T08:00:00Z", "updated_at": "2026-11-21T08:00:00Z",
}))]
pub(super) struct ProductView {
    id: ProductId,
    #[schema(value_type = String, example = "MUG-BLUE-350")]
    sku: Sku,
    #[schema(value_type = String)]
    slug: Slug,
    #[schema(value_type = String)]
    name: Name,
    #[schema(value_type = String)]
    description: Description,
    price: Money,
    vendor_id: VendorId,
    #[schema(value_type = Option<String>)]
    category: Option<Category>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    status: Status,
    inventory: ProductInventory,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Stock in units. The breakdown is shown only to the vendor and to admins.
#[derive(Serialize, ToSchema)]
struct ProductInventory {
    /// Units that can be ordered.
    available: i64,
    in_stock: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    on_hand: Option<i64>,
    /// Units reserved by orders that are not confirmed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    held: Option<i64>,
    /// Units of confirmed orders that have not been shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    allocated: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    warehouse: Option<String>,
}

impl ProductInventory {
    fn new(product: &Product, viewer: Viewer) -> Self {
        let available = product.on_hand - product.held - product.allocated;
        let manages = viewer.manages(product.vendor_id);
        Self {
            available,
            in_stock: available > 0,
            on_hand: manages.then_some(product.on_hand),
            held: manages.then_some(product.held),
            allocated: manages.then_some(product.allocated),
            warehouse: manages.then(|| product.warehouse.clone()),
        }
    }
}

impl ProductView {
    pub(super) fn new(product: Product, viewer: Viewer, currency: Currency) -> Self {
        let inventory = ProductInventory::new(&product, viewer);
        Self {
            id: product.id,
            sku: product.sku,
            slug: product.slug,
            name: product.name,
            description: product.description,
            price: Money::new(product.price_minor, currency),
            vendor_id: product.vendor_id,
            category: product.category,
            metadata: product.metadata,
            status: product.status,
            inventory,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }

    /// The response to `caller`, who has changed the product.
    pub(super) fn changed(
        product: Product,
        caller: &Caller,
        currency: Currency,
    ) -> (ETag, Json<Self>) {
        let etag = ETag(product.version);
        (
            etag,
            Json(Self::new(product, Viewer::of(Some(caller)), currency)),
        )
    }
}
