//! Units of a SKU as its vendor sees them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    catalog::products::model::{ProductId, VendorId},
    stock::inventory::model::{Inventory, UnitsAt},
};

#[derive(Serialize, ToSchema)]
#[schema(as = Inventory, example = json!({
    "sku": "MUG-BLUE-350", "product_id": "prd_01932c5e-7d2a-7c3e-9f00-0242ac120002",
    "vendor_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120003", "name": "Blue mug", "on_hand": 7, "held": 1, "allocated": 2,
    "available": 4, "low_stock_threshold": 5, "low_stock": true, "warehouse": "main",
    "locations": [{ "location": "main", "on_hand": 7, "held": 1, "allocated": 2, "available": 4 }],
}))]
pub(super) struct InventoryView {
    sku: String,
    product_id: ProductId,
    vendor_id: VendorId,
    name: String,
    on_hand: i64,
    /// Units reserved by orders that are not confirmed yet.
    held: i64,
    /// Units of confirmed orders that have not been shipped.
    allocated: i64,
    /// Units that can be ordered: `on_hand` minus `held` minus `allocated`.
    available: i64,
    /// Stock is low at or below this number.
    low_stock_threshold: i64,
    low_stock: bool,
    /// The location that orders are filled from first.
    warehouse: String,
    /// Sorted in the order in which orders are filled from them.
    locations: Vec<LocationUnits>,
}

#[derive(Serialize, ToSchema)]
struct LocationUnits {
    location: String,
    on_hand: i64,
    held: i64,
    allocated: i64,
    available: i64,
}

impl From<UnitsAt> for LocationUnits {
    fn from(units: UnitsAt) -> Self {
        Self {
            available: units.on_hand - units.held - units.allocated,
            location: units.location,
            on_hand: units.on_hand,
            held: units.held,
            allocated: units.allocated,
        }
    }
}

impl From<Inventory> for InventoryView {
    fn from(inventory: Inventory) -> Self {
        Self {
            sku: inventory.sku.as_str().to_owned(),
            product_id: inventory.product_id,
            vendor_id: inventory.vendor_id,
            name: inventory.name.as_str().to_owned(),
            on_hand: inventory.on_hand,
            held: inventory.held,
            allocated: inventory.allocated,
            available: inventory.on_hand - inventory.held - inventory.allocated,
            low_stock_threshold: inventory.low_stock_threshold,
            low_stock: inventory.low,
            warehouse: inventory.warehouse,
            locations: inventory
                .locations
                .0
                .into_iter()
                .map(LocationUnits::from)
                .collect(),
        }
    }
}
