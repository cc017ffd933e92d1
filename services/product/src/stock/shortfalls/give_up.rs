//! When orders have more units than there are, the newest holds are lost first, and then the newest allocations fall short.

use std::collections::BTreeSet;

use clock::Ids;
use db::Transaction;
use uuid::Uuid;

use super::postgres::{self as shortfalls, Having, Lines, Units, having};
use crate::{
    catalog::products::model::Sku,
    infrastructure::postgres::failure::StockError,
    stock::reservations::{Reach, TakenBack, lose, take_back},
};

/// Makes room for `on_hand` on a stock level whose SKU is locked. Returns the SKUs that must be locked first, if there are
/// any, since a lost hold gives back all of its lines: the transaction starts again.
pub(crate) async fn give_up(
    tx: &mut Transaction,
    ids: Ids,
    (sku, location): (&Sku, &str),
    on_hand: i64,
    reach: &Reach,
) -> Result<Option<Vec<Sku>>, StockError> {
    let locked: BTreeSet<&Sku> = reach.skus().iter().chain([sku]).collect();
    if shortfalls::lack(tx, sku, location, on_hand).await? == 0 {
        return Ok(None);
    }
    // Overdue holds are unused.
    let overdue = take_back(tx, &[sku.as_str()], &[], &locked, reach.may_widen()).await?;
    match overdue {
        TakenBack::Nothing | TakenBack::Units => {}
        TakenBack::Unlocked(more) => return Ok(Some(more)),
    }

    for lines in [Lines::Open, Lines::All] {
        let lack = shortfalls::lack(tx, sku, location, on_hand).await?;
        if lack == 0 {
            break;
        }
        let held = having(tx, (sku, location), lack, Units::Held, lines).await?;
        let lost = newest(held, lack);
        let lost: Vec<Uuid> = lost.iter().map(|having| having.order_id).collect();
        let more = lose(tx, &lost, &locked, reach).await?;
        if more.is_some() {
            return Ok(more);
        }
        let lack = shortfalls::lack(tx, sku, location, on_hand).await?;
        if lack == 0 {
            break;
        }
        let allocated = having(tx, (sku, location), lack, Units::Allocated, lines).await?;
        let mut short = newest(allocated, lack);
        let given: i64 = short.iter().map(|having| having.units).sum();
        // An allocation need not fall short as a whole.
        if let Some(last) = short.last_mut() {
            last.units -= (given - lack).max(0);
        }
        if !short.is_empty() {
            shortfalls::write(tx, ids, sku, location, &short).await?;
        }
    }
    Ok(None)
}

/// The first that have so many units together.
fn newest(having: Vec<Having>, lack: i64) -> Vec<Having> {
    let mut missing = lack;
    having
        .into_iter()
        .take_while(|having| {
            let needed = missing > 0;
            missing -= having.units;
            needed
        })
        .collect()
}
