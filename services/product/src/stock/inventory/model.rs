//! Units of a SKU as its vendor knows and counts them. No SQL and no HTTP.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    catalog::products::model::{Name, ProductId, Reason, Sku, VendorId},
    stock::reservations::model::OrderId,
};

ids::id!(
    #[derive(sqlx::Type)]
    #[sqlx(transparent)]
    pub MovementId, "mov"
);

/// Where units are, until a shop has more places.
pub const DEFAULT_LOCATION: &str = "main";
/// The most units of one SKU in one place.
pub const MAX_ON_HAND: i64 = 1_000_000_000;

// Units of one SKU, over all locations. (A doc comment would be a description in OpenAPI.)
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "sku": "MUG-BLUE-350", "product_id": "prd_01932c5e-7d2a-7c3e-9f00-0242ac120002",
    "vendor_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120003", "name": "Blue mug", "on_hand": 7, "held": 1, "allocated": 2,
    "available": 4, "low_stock_threshold": 5, "low_stock": true, "warehouse": "main",
    "locations": [{ "location": "main", "on_hand": 7, "held": 1, "allocated": 2, "available": 4 }],
}))]
pub struct Inventory {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub product_id: ProductId,
    pub vendor_id: VendorId,
    #[schema(value_type = String)]
    pub name: Name,
    pub on_hand: i64,
    /// Units reserved by orders that are not confirmed yet.
    pub held: i64,
    /// Units of confirmed orders that have not been shipped.
    pub allocated: i64,
    /// Units that can be ordered: `on_hand` minus `held` minus `allocated`.
    pub available: i64,
    /// Stock is low at or below this number.
    pub low_stock_threshold: i64,
    pub low_stock: bool,
    /// The location that orders are filled from first.
    pub warehouse: String,
    /// Sorted in the order in which orders are filled from them.
    #[schema(value_type = Vec<LocationUnits>)]
    pub locations: Json<Vec<LocationUnits>>,
}

// Units of one SKU in one place.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct LocationUnits {
    pub location: String,
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
    pub available: i64,
}

/// The reason of a stock movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum MovementKind {
    /// The first units of a new product.
    Initial,
    /// The units were counted.
    Set,
    /// Units were added or removed.
    Adjustment,
    Shipped,
    Returned,
}

/// A change of `on_hand`, to be written down.
#[derive(Clone, Debug)]
pub struct Movement {
    pub id: Uuid,
    pub sku: Sku,
    pub location: String,
    pub kind: MovementKind,
    pub delta: i64,
    pub on_hand_after: i64,
    pub reason: Option<Reason>,
    /// The user who did it.
    pub actor: Option<Uuid>,
}

// A change of `on_hand` that was written down.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Movement, example = json!({
    "id": "mov_01932c5e-7d2a-7c3e-9f00-0242ac120004", "kind": "adjustment", "delta": -2, "on_hand_after": 5,
    "warehouse": "main", "reason": "broken in the warehouse", "order_id": null,
    "user_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120003", "created_at": "2026-11-21T08:00:00Z",
}))]
pub struct PastMovement {
    pub id: MovementId,
    pub kind: MovementKind,
    /// The number of units added, or removed if negative.
    pub delta: i64,
    pub on_hand_after: i64,
    #[serde(rename = "warehouse")]
    pub location: String,
    pub reason: Option<String>,
    /// The order that the units were shipped for or returned from.
    pub order_id: Option<OrderId>,
    /// Who did it.
    #[serde(rename = "user_id")]
    pub actor: Option<VendorId>,
    pub created_at: DateTime<Utc>,
}
