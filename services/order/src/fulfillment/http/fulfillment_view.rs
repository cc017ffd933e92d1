//! A fulfillment as clients see it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    fulfillment::model::{Fulfillment, FulfillmentState},
    infrastructure::http::names::names,
    orders::model::PartLine,
    values::{FulfillmentId, OrderId},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fulfillment)]
pub struct FulfillmentView {
    id: FulfillmentId,
    order_id: OrderId,
    status: FulfillmentStateName,
    items: Vec<PartItemView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    tracking: Option<TrackingView>,
    /// Why it could not be shipped and is `planned` again: `not_committed`, `too_many`, `gone` or `mismatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    refusal: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    shipped_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    delivered_at: Option<DateTime<Utc>>,
}

names! {
    /// `shipping`: the stock is being updated; then the shipment is `shipped`.
    #[schema(as = FulfillmentState)]
    FulfillmentStateName of FulfillmentState { Planned, Shipping, Shipped, Delivered, Cancelled }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ParcelItem)]
pub struct PartItemView {
    #[schema(example = "MUG-1")]
    sku: String,
    #[schema(example = 2)]
    quantity: u32,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tracking)]
struct TrackingView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "Royal Mail")]
    carrier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "AB123456789GB")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "https://track.example/AB123456789GB")]
    url: Option<String>,
}

impl From<Fulfillment> for FulfillmentView {
    fn from(fulfillment: Fulfillment) -> Self {
        let tracking = TrackingView {
            carrier: fulfillment.tracking.carrier.map(|text| text.to_string()),
            number: fulfillment.tracking.number.map(|text| text.to_string()),
            url: fulfillment.tracking.url.map(|url| url.as_str().to_owned()),
        };
        let tracked =
            tracking.carrier.is_some() || tracking.number.is_some() || tracking.url.is_some();
        Self {
            id: fulfillment.id,
            order_id: fulfillment.order_id,
            status: fulfillment.state.into(),
            items: fulfillment
                .lines
                .into_iter()
                .map(PartItemView::from)
                .collect(),
            tracking: tracked.then_some(tracking),
            refusal: fulfillment.refusal,
            created_at: fulfillment.created_at,
            updated_at: fulfillment.updated_at,
            shipped_at: fulfillment.shipped_at,
            delivered_at: fulfillment.delivered_at,
        }
    }
}

impl From<PartLine> for PartItemView {
    fn from(line: PartLine) -> Self {
        Self {
            sku: line.sku.to_string(),
            quantity: line.quantity.get(),
        }
    }
}
