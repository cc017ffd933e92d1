//! Units that orders have lost.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::catalog::products::model::Sku;

/// Units of a committed order that are missing.
#[derive(Clone, Debug, Serialize)]
pub struct Shortfall {
    pub id: Uuid,
    pub order_id: Uuid,
    pub sku: Sku,
    pub quantity: i64,
    pub created_at: DateTime<Utc>,
}
