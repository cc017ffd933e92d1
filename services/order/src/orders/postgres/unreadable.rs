//! Whether an order's row is one that requests can read: the same parsing, over columns that decode whatever they hold.

use money::Currency;
use uuid::Uuid;

use super::{row::stored_state, stored_address::StoredAddress};
use crate::{
    infrastructure::postgres::failure::StoreError,
    values::{Quantity, Sku},
};

/// An order's row, nothing of which can fail to decode.
#[derive(Debug)]
pub struct OrderText {
    pub id: Uuid,
    pub status: String,
    pub payment_status: String,
    pub fulfillment_status: String,
    pub cancel_reason: Option<String>,
    pub version: i64,
    pub currency: String,
    pub items_minor: i64,
    pub shipping_address: String,
    /// None of its times is `infinity`.
    pub has_times: bool,
    pub under_way: bool,
}

/// What of an order cannot be read, given its SKUs with the smallest and the largest quantity of a line.
pub fn unreadable<'a>(
    order: &OrderText,
    skus: impl IntoIterator<Item = (&'a str, i32, i32)>,
) -> Result<(), &'static str> {
    let named = |error| match error {
        StoreError::Row(column) => column,
        StoreError::Sql(_) => "row",
    };
    stored_state!(order).map_err(named)?;
    order.currency.parse::<Currency>().map_err(|_| "currency")?;
    serde_json::from_str::<StoredAddress<'_>>(&order.shipping_address)
        .map_err(|_| "shipping_address")?
        .into_address()
        .map_err(named)?;
    if !order.has_times {
        return Err("a time");
    }
    for (sku, smallest, largest) in skus {
        Sku::try_from(sku.to_owned()).map_err(|_| "sku")?;
        Quantity::try_from(smallest).map_err(|_| "quantity")?;
        Quantity::try_from(largest).map_err(|_| "quantity")?;
    }
    Ok(())
}
