//! Product's holds by order, for the audit.

use serde::Deserialize;
use uuid::Uuid;

use super::CatalogHttp;
use crate::checkout::ports::ReservationsError;

/// What product holds for an order. The state is text: the audit reports those that it does not know.
#[derive(Clone, Debug, Deserialize)]
pub struct OrderHold {
    pub order_id: Uuid,
    pub state: String,
    pub total_minor: i64,
    pub age_seconds: f64,
    pub lines: Vec<HeldLine>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct HeldLine {
    pub sku: String,
    #[serde(flatten)]
    pub units: HeldUnits,
}

/// Units of one SKU, over all locations.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct HeldUnits {
    pub quantity: i64,
    pub shipped: i64,
    pub returned: i64,
    pub released: i64,
}

#[derive(Deserialize)]
struct Page {
    reservations: Vec<OrderHold>,
    next: Option<Uuid>,
}

impl CatalogHttp {
    /// The holds of the orders behind `after` and up to `upto`.
    pub async fn order_holds(
        &self,
        after: Uuid,
        upto: Uuid,
    ) -> Result<Vec<OrderHold>, ReservationsError> {
        let mut holds = Vec::new();
        let mut after = Some(after);
        while let Some(behind) = after {
            let path = format!("/internal/reservations?limit=1000&after={behind}&upto={upto}");
            let page: Page = self.ask(&path).await?;
            holds.extend(page.reservations);
            after = page.next;
        }
        Ok(holds)
    }
}
