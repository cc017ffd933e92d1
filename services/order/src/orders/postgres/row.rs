//! Rows as they lie in the tables, and the orders they stand for.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use money::{Currency, Money};
use sqlx::types::Json;
use uuid::Uuid;

use super::stored_address::StoredAddress;
use crate::{
    infrastructure::postgres::{failure::StoreError, parse, typed},
    orders::model::{Order, OrderLine, OrderState, StoredOrder, StoredState, Totals},
    values::{OrderId, ProductId, UserId},
};

#[derive(Debug)]
pub(crate) struct OrderRow {
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) user_id: Uuid,
    pub(crate) status: String,
    pub(crate) payment_status: String,
    pub(crate) fulfillment_status: String,
    pub(crate) cancel_reason: Option<String>,
    pub(crate) version: i64,
    pub(crate) currency: String,
    pub(crate) items_minor: i64,
    pub(crate) shipping_minor: i64,
    pub(crate) tax_minor: i64,
    pub(crate) discount_minor: i64,
    pub(crate) total_minor: i64,
    pub(crate) shipping_address: Json<StoredAddress<'static>>,
    pub(crate) note: Option<String>,
    pub(crate) pay_by: Option<DateTime<Utc>>,
    pub(crate) cancel_requested_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct ItemRow {
    pub(crate) order_id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) vendor_id: Uuid,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) unit_price_minor: i64,
    pub(crate) quantity: i32,
    pub(crate) line_total_minor: i64,
}

/// Orders in the order of their rows, each with its lines.
pub(crate) fn assemble(rows: Vec<OrderRow>, items: Vec<ItemRow>) -> Result<Vec<Order>, StoreError> {
    let mut lines: HashMap<Uuid, Vec<ItemRow>> = HashMap::new();
    for item in items {
        lines.entry(item.order_id).or_default().push(item);
    }
    rows.into_iter()
        .map(|row| row.into_order(&mut lines))
        .collect()
}

impl OrderRow {
    fn into_order(self, lines: &mut HashMap<Uuid, Vec<ItemRow>>) -> Result<Order, StoreError> {
        let currency: Currency = parse("currency", &self.currency)?;
        let money = |minor| Money::new(minor, currency);
        let items = lines.remove(&self.id).unwrap_or_default();
        Ok(Order::stored(StoredOrder {
            id: OrderId(self.id),
            number: self.number,
            customer: UserId(self.user_id),
            state: stored_state!(self)?,
            lines: items
                .into_iter()
                .map(|item| item.into_line(currency))
                .collect::<Result<_, _>>()?,
            totals: Totals {
                items: money(self.items_minor),
                shipping: money(self.shipping_minor),
                tax: money(self.tax_minor),
                discount: money(self.discount_minor),
                total: money(self.total_minor),
            },
            shipping_address: self.shipping_address.0.into_address()?,
            note: self.note,
            pay_by: self.pay_by,
            cancel_requested_at: self.cancel_requested_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }))
    }
}

impl ItemRow {
    fn into_line(self, currency: Currency) -> Result<OrderLine, StoreError> {
        Ok(OrderLine {
            product_id: ProductId(self.product_id),
            vendor_id: UserId(self.vendor_id),
            sku: typed("sku", self.sku)?,
            name: self.name,
            unit_price: Money::new(self.unit_price_minor, currency),
            quantity: typed("quantity", self.quantity)?,
            total: Money::new(self.line_total_minor, currency),
        })
    }
}

/// The state in the columns of an order's row, whatever else the row has.
macro_rules! stored_state {
    ($row:expr) => {
        $crate::orders::postgres::row::state(
            &$row.status,
            &$row.payment_status,
            &$row.fulfillment_status,
            $row.cancel_reason.as_deref(),
            $row.version,
        )
    };
}
pub(crate) use stored_state;

pub(crate) fn state(
    status: &str,
    payment: &str,
    fulfillment: &str,
    cancel_reason: Option<&str>,
    version: i64,
) -> Result<OrderState, StoreError> {
    let cancel_reason = cancel_reason.map(|reason| parse("cancel_reason", reason));
    Ok(OrderState::stored(StoredState {
        status: parse("status", status)?,
        payment: parse("payment_status", payment)?,
        fulfillment: parse("fulfillment_status", fulfillment)?,
        cancel_reason: cancel_reason.transpose()?,
        version,
    }))
}
