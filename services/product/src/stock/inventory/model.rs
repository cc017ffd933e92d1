//! Units of a SKU as its vendor knows and counts them. No SQL and no HTTP.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalog::products::model::{Name, ProductId, Reason, Sku, VendorId};

/// Where units are, until a shop has more places.
pub const DEFAULT_LOCATION: &str = "main";
/// The most units of one SKU in one place.
pub const MAX_ON_HAND: i64 = 1_000_000_000;

/// Units of one SKU, over all locations.
#[derive(Clone, Debug)]
pub struct Inventory {
    pub sku: Sku,
    pub product_id: ProductId,
    pub vendor_id: VendorId,
    pub name: Name,
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
    pub low_stock_threshold: i64,
    pub low: bool,
    /// The location that orders are filled from first.
    pub warehouse: String,
    /// Sorted in the order in which orders are filled from them.
    pub locations: Json<Vec<UnitsAt>>,
}

/// Units of one SKU in one place.
#[derive(Clone, Debug, Deserialize)]
pub struct UnitsAt {
    pub location: String,
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
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

/// A change of `on_hand` that was written down.
#[derive(Clone, Debug)]
pub struct PastMovement {
    pub id: Uuid,
    pub location: String,
    pub kind: MovementKind,
    pub delta: i64,
    pub on_hand_after: i64,
    pub reason: Option<String>,
    pub order_id: Option<Uuid>,
    pub actor: Option<Uuid>,
    pub created_at: DateTime<Utc>,
}
