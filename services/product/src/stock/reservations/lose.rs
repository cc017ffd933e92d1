//! Holds that orders lose to a lower count.

use std::collections::BTreeSet;

use db::Transaction;
use uuid::Uuid;

use super::{
    model::HoldState,
    postgres::{holds, retakes},
    reach::Reach,
};
use crate::{
    catalog::products::model::Sku, infrastructure::postgres::failure::StockError,
    stock::postgres::levels,
};

/// Ends these holds, all lines of each. Returns the SKUs that must be locked first, if there are any.
pub(crate) async fn lose(
    tx: &mut Transaction,
    orders: &[Uuid],
    locked: &BTreeSet<&Sku>,
    reach: &Reach,
) -> Result<Option<Vec<Sku>>, StockError> {
    if orders.is_empty() {
        return Ok(None);
    }
    let lines = retakes::lines(tx, orders).await?;
    let unlocked = reach.unlocked(lines.iter().map(|line| &line.sku), locked)?;
    if unlocked.is_some() {
        return Ok(unlocked);
    }
    holds::lock_alone(tx, orders).await?;
    holds::end(tx, orders, HoldState::Held, HoldState::Lost).await?;
    levels::give_back(tx, orders).await?;
    Ok(None)
}
