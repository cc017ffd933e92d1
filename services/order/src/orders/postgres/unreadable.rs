//! Whether an order's row is one that requests can read: the same parsing, over columns that decode whatever they hold.

use db::readable::Unreadable;
use money::Currency;
use uuid::Uuid;

use super::{row::stored_state, stored_address::StoredAddress};
use crate::{
    infrastructure::postgres::{parse, typed},
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
) -> Result<(), Unreadable> {
    stored_state!(order)?;
    parse::<Currency>("currency", &order.currency)?;
    serde_json::from_str::<StoredAddress<'_>>(&order.shipping_address)
        .map_err(|_| Unreadable("shipping_address".into()))?
        .into_address()?;
    if !order.has_times {
        return Err(Unreadable("a time".into()));
    }
    for (sku, smallest, largest) in skus {
        typed::<_, Sku>("sku", sku.to_owned())?;
        typed::<_, Quantity>("quantity", smallest)?;
        typed::<_, Quantity>("quantity", largest)?;
    }
    Ok(())
}
