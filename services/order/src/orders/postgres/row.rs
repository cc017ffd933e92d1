//! Rows as they lie in the tables, and the orders they stand for.

use std::{collections::HashMap, fmt::Display};

use chrono::{DateTime, Utc};
use db::readable::{Attempt, Row, Time, Unreadable};
use money::{Currency, Money};
use sqlx::types::Json;
use uuid::Uuid;

use super::stored_address::StoredAddress;
use crate::{
    infrastructure::postgres::{decoded, parse, typed},
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
    pub(crate) shipping_address: Attempt<Json<StoredAddress<'static>>>,
    pub(crate) note: Option<String>,
    pub(crate) pay_by: Option<Attempt<Time>>,
    pub(crate) cancel_requested_at: Option<Attempt<Time>>,
    pub(crate) created_at: Attempt<Time>,
    pub(crate) updated_at: Attempt<Time>,
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

/// An order's row with those of its lines.
#[derive(Debug)]
pub(crate) struct OrderRows {
    order: OrderRow,
    lines: Vec<ItemRow>,
}

/// Each order's row with those of its lines, in the order of the orders' rows.
pub(super) fn assemble(orders: Vec<OrderRow>, items: Vec<ItemRow>) -> Vec<OrderRows> {
    let mut lines: HashMap<Uuid, Vec<ItemRow>> = HashMap::new();
    for item in items {
        lines.entry(item.order_id).or_default().push(item);
    }
    let assembled = orders.into_iter().map(|order| OrderRows {
        lines: lines.remove(&order.id).unwrap_or_default(),
        order,
    });
    assembled.collect()
}

impl OrderRows {
    pub(crate) const fn order_id(&self) -> OrderId {
        OrderId(self.order.id)
    }

    /// `None`: it cannot be read.
    pub(super) fn created_at(&self) -> Option<DateTime<Utc>> {
        self.order.created_at.get().map(|time| time.0)
    }
}

impl Row for OrderRows {
    type Read = Order;

    const KIND: &'static str = "order";

    fn id(&self) -> impl Display + use<> {
        self.order.id
    }

    fn read(self) -> Result<Order, Unreadable> {
        let Self { order: row, lines } = self;
        let currency: Currency = parse("currency", &row.currency)?;
        let money = |minor| Money::new(minor, currency);
        let lines = lines.into_iter().map(|line| line.into_line(currency));
        let lines: Vec<OrderLine> = lines.collect::<Result<_, _>>()?;
        // Views add them up.
        Totals::of(&lines, currency).map_err(|_| Unreadable("line_total_minor".into()))?;
        let address: Json<StoredAddress<'_>> = decoded("shipping_address", row.shipping_address)?;
        Ok(Order::stored(StoredOrder {
            id: OrderId(row.id),
            number: row.number,
            customer: UserId(row.user_id),
            state: stored_state!(row)?,
            lines,
            totals: Totals {
                items: money(row.items_minor),
                shipping: money(row.shipping_minor),
                tax: money(row.tax_minor),
                discount: money(row.discount_minor),
                total: money(row.total_minor),
            },
            shipping_address: address.0.into_address()?,
            note: row.note,
            pay_by: decoded("pay_by", row.pay_by)?,
            cancel_requested_at: decoded("cancel_requested_at", row.cancel_requested_at)?,
            created_at: decoded("created_at", row.created_at)?,
            updated_at: decoded("updated_at", row.updated_at)?,
        }))
    }
}

impl ItemRow {
    fn into_line(self, currency: Currency) -> Result<OrderLine, Unreadable> {
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
) -> Result<OrderState, Unreadable> {
    let cancel_reason = cancel_reason.map(|reason| parse("cancel_reason", reason));
    Ok(OrderState::stored(StoredState {
        status: parse("status", status)?,
        payment: parse("payment_status", payment)?,
        fulfillment: parse("fulfillment_status", fulfillment)?,
        cancel_reason: cancel_reason.transpose()?,
        version,
    }))
}
