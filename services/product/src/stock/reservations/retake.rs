//! A hold that ended without its order's doing is taken again, all of its lines or none (ORDERS 5, ADR 4).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use db::Transaction;
use uuid::Uuid;

use super::{
    model::{Available, HoldState, StockLevel, Take},
    overdue::{TakenBack, take_back},
    postgres::retakes::{self, EndedLine, Taken},
    reach::Reach,
};
use crate::{
    catalog::products::model::Sku, infrastructure::postgres::failure::StockError,
    stock::postgres::levels,
};

/// What a hold becomes when it is taken again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Again<'a> {
    Committed,
    /// For so many seconds.
    Held(&'a BTreeMap<Uuid, u32>),
}

/// Takes those of these orders again whose hold ended and whose units are all there, and says so in `states`.
/// Returns the SKUs whose stock must be locked first, if there are any: the transaction starts again.
pub(super) async fn retake(
    tx: &mut Transaction,
    orders: &[Uuid],
    states: &mut HashMap<Uuid, HoldState>,
    reach: &Reach,
    again: Again<'_>,
) -> Result<Option<Vec<Sku>>, StockError> {
    let ended = in_turn(orders, states);
    if ended.is_empty() {
        return Ok(None);
    }
    let lines = retakes::lines(tx, &ended).await?;
    let locked: BTreeSet<&Sku> = reach.skus().iter().collect();
    let unlocked = reach.unlocked(lines.iter().map(|line| &line.sku), &locked)?;
    if unlocked.is_some() {
        return Ok(unlocked);
    }
    let skus: Vec<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    let levels = levels::lock(tx, &skus).await?;
    let (mut taken, short) = fill(&ended, &lines, &levels);
    if !short.is_empty() {
        match take_back(tx, &Vec::from_iter(short), &[], &locked, reach.may_widen()).await? {
            TakenBack::Nothing => {}
            TakenBack::Units => {
                let levels = levels::lock(tx, &skus).await?;
                (taken, _) = fill(&ended, &lines, &levels);
            }
            TakenBack::Unlocked(more) => return Ok(Some(more)),
        }
    }
    if taken.is_empty() {
        return Ok(None);
    }
    let state = match again {
        Again::Committed => {
            retakes::commit(tx, &taken).await?;
            HoldState::Committed
        }
        Again::Held(seconds) => {
            retakes::hold(tx, &taken, seconds).await?;
            HoldState::Held
        }
    };
    states.extend(taken.orders.iter().map(|order| (*order, state)));
    Ok(None)
}

/// Those whose hold ended, each once, in the order in which they were named.
fn in_turn(orders: &[Uuid], states: &HashMap<Uuid, HoldState>) -> Vec<Uuid> {
    let mut ended = Vec::new();
    for order in orders {
        let has_ended = match states.get(order) {
            Some(HoldState::Expired | HoldState::Lost) => true,
            Some(HoldState::Held | HoldState::Committed | HoldState::Released) | None => false,
        };
        if has_ended && !ended.contains(order) {
            ended.push(*order);
        }
    }
    ended
}

/// Serves one order after the other; one that lacks a unit takes nothing. Returns the SKUs that were short as well.
fn fill<'a>(
    orders: &[Uuid],
    lines: &'a [EndedLine],
    levels: &[StockLevel],
) -> (Taken, BTreeSet<&'a str>) {
    let mut wanted: HashMap<Uuid, BTreeMap<&str, i64>> = HashMap::new();
    for line in lines {
        let of_order = wanted.entry(line.order_id).or_default();
        *of_order.entry(line.sku.as_str()).or_default() += line.quantity;
    }
    let mut available = Available::on(levels);
    let (mut taken, mut short) = (Taken::default(), BTreeSet::new());
    for order in orders {
        let Some(wanted) = wanted.get(order) else {
            continue;
        };
        let missing: Vec<&str> = wanted
            .iter()
            .filter(|(sku, quantity)| available.of(sku) < **quantity)
            .map(|(sku, _)| *sku)
            .collect();
        if !missing.is_empty() {
            short.extend(missing);
            continue;
        }
        taken.orders.push(*order);
        for (sku, quantity) in wanted {
            for Take { location, quantity } in available.take(sku, *quantity) {
                taken.add(*order, sku, location, quantity);
            }
        }
    }
    (taken, short)
}
