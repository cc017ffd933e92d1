//! An order as clients see it.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use money::{Currency, Money};
use serde::Serialize;
use utoipa::ToSchema;
use web::conditional::ETag;

use super::state_name::{
    CancelReasonName, FulfillmentStatusName, OrderStatusName, PaymentStatusName,
};
use crate::{
    orders::model::{Order, OrderLine, Totals},
    values::{OrderId, ProductId, ShippingAddress, UserId},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    #[serde(skip)]
    version: i64,
    id: OrderId,
    /// For display; programs use `id`.
    #[schema(example = 1001)]
    number: i64,
    user_id: UserId,
    status: OrderStatusName,
    payment_status: PaymentStatusName,
    fulfillment_status: FulfillmentStatusName,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    cancel_reason: Option<CancelReasonName>,
    items: Vec<OrderItemView>,
    totals: TotalsView,
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// Absent if the order was placed without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    shipping_address: Option<ShippingAddressView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    note: Option<String>,
    /// The payment deadline; absent if the shop takes no payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pay_by: Option<DateTime<Utc>>,
    /// When the cancellation was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    cancel_requested_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// One product of an order; SKU, name and price as of the time of the order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderItem)]
pub struct OrderItemView {
    product_id: ProductId,
    vendor_id: UserId,
    #[schema(example = "MUG-1")]
    sku: String,
    #[schema(example = "Mug")]
    name: String,
    unit_price: Money,
    #[schema(example = 2)]
    quantity: u32,
    line_total: Money,
}

/// `total = items + shipping + tax − discount`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderTotals)]
struct TotalsView {
    items: Money,
    shipping: Money,
    tax: Money,
    discount: Money,
    total: Money,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShippingAddress)]
pub struct ShippingAddressView {
    #[schema(example = "Ada Lovelace")]
    name: String,
    #[schema(example = "12 St James's Square")]
    line1: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    line2: Option<String>,
    #[schema(example = "London")]
    city: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    region: Option<String>,
    #[schema(example = "SW1Y 4JH")]
    postal_code: String,
    #[schema(example = "GB")]
    country: String,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        let order = order.into_stored();
        let state = order.state;
        Self {
            version: state.version,
            id: order.id,
            number: order.number,
            user_id: order.customer,
            status: state.status.into(),
            payment_status: state.payment.into(),
            fulfillment_status: state.fulfillment.into(),
            cancel_reason: state.cancel_reason.map(Into::into),
            items: order.lines.into_iter().map(OrderItemView::from).collect(),
            totals: order.totals.into(),
            currency: order.totals.currency(),
            shipping_address: order.shipping_address.map(Into::into),
            note: order.note,
            pay_by: order.pay_by,
            cancel_requested_at: order.cancel_requested_at,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

/// With its version as the ETag.
impl IntoResponse for OrderView {
    fn into_response(self) -> Response {
        (ETag(self.version), Json(self)).into_response()
    }
}

impl From<OrderLine> for OrderItemView {
    fn from(line: OrderLine) -> Self {
        Self {
            product_id: line.product_id,
            vendor_id: line.vendor_id,
            sku: line.sku.to_string(),
            name: line.name,
            unit_price: line.unit_price,
            quantity: line.quantity.get(),
            line_total: line.total,
        }
    }
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        Self {
            items: totals.items,
            shipping: totals.shipping,
            tax: totals.tax,
            discount: totals.discount,
            total: totals.total,
        }
    }
}

impl From<ShippingAddress> for ShippingAddressView {
    fn from(address: ShippingAddress) -> Self {
        Self {
            name: address.name.to_string(),
            line1: address.line1.to_string(),
            line2: address.line2.map(|line| line.to_string()),
            city: address.city.to_string(),
            region: address.region.map(|region| region.to_string()),
            postal_code: address.postal_code.to_string(),
            country: address.country.to_string(),
        }
    }
}
