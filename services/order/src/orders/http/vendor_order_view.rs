//! An order as a vendor sees it.

use chrono::{DateTime, Utc};
use money::Money;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use super::{
    order_view::{OrderItemView, ShippingAddressView},
    state_name::{FulfillmentStatusName, OrderStatusName, PaymentStatusName},
};
use crate::{
    orders::model::{Order, Totals},
    values::OrderId,
};

/// The vendor's own lines and the shipping address, without lines of other vendors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VendorOrder)]
pub struct VendorOrderView {
    id: OrderId,
    #[schema(example = 1001)]
    number: i64,
    status: OrderStatusName,
    payment_status: PaymentStatusName,
    /// Of the whole order.
    fulfillment_status: FulfillmentStatusName,
    items: Vec<OrderItemView>,
    /// The sum of these items.
    items_total: Money,
    /// Absent if the order was placed without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    shipping_address: Option<ShippingAddressView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    note: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Order> for VendorOrderView {
    type Error = Problem;

    fn try_from(order: Order) -> Result<Self, Problem> {
        let order = order.into_stored();
        let totals = Totals::of(&order.lines, order.totals.currency())
            .map_err(|error| Problem::internal(&error))?;
        Ok(Self {
            id: order.id,
            number: order.number,
            status: order.state.status.into(),
            payment_status: order.state.payment.into(),
            fulfillment_status: order.state.fulfillment.into(),
            items: order.lines.into_iter().map(OrderItemView::from).collect(),
            items_total: totals.items,
            shipping_address: order.shipping_address.map(Into::into),
            note: order.note,
            created_at: order.created_at,
            updated_at: order.updated_at,
        })
    }
}
