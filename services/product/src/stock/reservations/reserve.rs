//! Reserves units for a batch of orders: the stock is locked, the verdicts are decided, and all is written at once.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use db::{Failure, Pool, Retryable, Transaction};
use money::Currency;
use tracing::error;
use uuid::Uuid;

use super::{
    model::{
        Decision, Facts, HeldLine, Item, KnownHold, NewHold, Offer, Reservation, ShortLine,
        StockLevel, Verdict, decide,
    },
    overdue::{TakenBack, take_back},
    postgres::{holds, offers},
    reach::{Attempt, Reach, attempts},
};
use crate::{
    catalog::products::model::Sku,
    fail_point::{FailPoint, reach as reach_point},
    infrastructure::postgres::failure::{StockError, retries},
    stock::postgres::levels,
};

/// A verdict for each reservation. Sent again, a batch finds its own holds.
pub async fn reserve(
    pool: &Pool,
    currency: Currency,
    reservations: &[Reservation],
) -> Result<Vec<Verdict>, StockError> {
    let mut retries = retries();
    // Halves of a batch that the database refused; the first are served first.
    let mut batches = vec![reservations];
    let mut verdicts = Vec::with_capacity(reservations.len());
    while let Some(batch) = batches.pop() {
        let tried = attempts(&mut retries, |reach| attempt(pool, currency, batch, reach)).await;
        match tried {
            Ok(found) => verdicts.extend(found),
            Err(refused) if refused.failure() == Failure::Data && batch.len() > 1 => {
                let (first, second) = batch.split_at(batch.len() / 2);
                batches.extend([second, first]);
            }
            Err(refused) if refused.failure() == Failure::Data => {
                verdicts.extend(batch.iter().map(|order| refuse(order, &refused)));
            }
            Err(failed) => return Err(failed),
        }
    }
    Ok(verdicts)
}

/// The verdict on an order that a constraint of the database refused: it gets nothing, and the log has the reason.
fn refuse(order: &Reservation, refused: &StockError) -> Verdict {
    error!(order.id = %order.order_id, error = refused as &dyn std::error::Error, "the database rejected an order that had passed the checks");
    Verdict::OutOfStock {
        lines: Vec::<ShortLine>::new(),
    }
}

async fn attempt(
    pool: &Pool,
    currency: Currency,
    batch: &[Reservation],
    reach: Reach,
) -> Result<Attempt<Vec<Verdict>>, StockError> {
    let mut tx = pool.begin().await?;
    let offers = named_offers(&mut tx, batch).await?;
    let locked: BTreeSet<&Sku> = offers
        .iter()
        .map(|offer| &offer.sku)
        .chain(reach.skus())
        .collect();
    let skus: Vec<&str> = locked.iter().map(|sku| sku.as_str()).collect();
    let levels = levels::lock(&mut tx, &skus).await?;
    reach_point(FailPoint::ReserveLocked).await?;
    let holds = known_holds(&mut tx, batch).await?;
    let decide_on = |levels: &[StockLevel]| {
        let facts = Facts {
            offers: &offers,
            levels,
            holds: &holds,
        };
        decide(batch, facts)
    };
    let mut decisions = decide_on(&levels);

    let short = short_skus(&decisions);
    if !short.is_empty() {
        let spared: Vec<Uuid> = holds.iter().map(|hold| hold.order_id).collect();
        match take_back(&mut tx, &short, &spared, &locked, reach.may_widen()).await? {
            TakenBack::Nothing => {}
            TakenBack::Units => {
                let levels = levels::lock(&mut tx, &skus).await?;
                decisions = decide_on(&levels);
            }
            TakenBack::Unlocked(more) => {
                tx.rollback().await?;
                return Ok(Attempt::Widen(more));
            }
        }
    }

    let ends = write(&mut tx, batch, &decisions, &offers).await?;
    let known_lines = known_lines(&mut tx, &decisions, &holds).await?;
    reach_point(FailPoint::BeforeReserveCommit).await?;
    tx.commit().await?;
    reach_point(FailPoint::AfterReserveCommit).await?;
    let view = View {
        batch,
        decisions: &decisions,
        offers: &offers,
        holds: &holds,
        ends,
        known_lines,
        currency,
    };
    let verdicts = (0..batch.len()).map(|place| view.verdict(place));
    Ok(Attempt::Done(verdicts.collect()))
}

async fn named_offers(
    tx: &mut Transaction,
    batch: &[Reservation],
) -> Result<Vec<Offer>, StockError> {
    let (mut ids, mut skus) = (BTreeSet::new(), BTreeSet::new());
    for line in batch.iter().flat_map(|order| &order.lines) {
        match &line.item {
            Item::Product(id) => {
                ids.insert(*id);
            }
            Item::Sku(text) => skus.extend(Sku::try_from(text.clone()).ok()),
        }
    }
    let skus: Vec<&str> = skus.iter().map(Sku::as_str).collect();
    Ok(offers::named(tx, &Vec::from_iter(ids), &skus).await?)
}

async fn known_holds(
    tx: &mut Transaction,
    batch: &[Reservation],
) -> Result<Vec<KnownHold>, StockError> {
    let keys: Vec<Vec<u8>> = batch
        .iter()
        .map(|order| order.request_key.0.to_vec())
        .collect();
    let orders: Vec<Uuid> = batch.iter().map(|order| order.order_id).collect();
    Ok(holds::known(tx, &keys, &orders).await?)
}

fn short_skus(decisions: &[Decision]) -> Vec<&str> {
    let mut skus = BTreeSet::new();
    for decision in decisions {
        if let Decision::Refuse(Verdict::OutOfStock { lines }) = decision {
            skus.extend(lines.iter().map(|line| line.sku.as_str()));
        }
    }
    skus.into_iter().collect()
}

/// Writes holds, lines and counters, each set-wise; returns when the new holds end.
async fn write(
    tx: &mut Transaction,
    batch: &[Reservation],
    decisions: &[Decision],
    offers: &[Offer],
) -> Result<HashMap<Uuid, DateTime<Utc>>, StockError> {
    let mut rows = holds::NewRows::default();
    for (order, decision) in batch.iter().zip(decisions) {
        if let Decision::Hold(hold) = decision {
            rows.add(order, hold, offers);
        }
    }
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    holds::insert(tx, &rows).await
}

async fn known_lines(
    tx: &mut Transaction,
    decisions: &[Decision],
    holds: &[KnownHold],
) -> Result<HashMap<Uuid, Vec<HeldLine>>, StockError> {
    let ids: BTreeSet<Uuid> = decisions
        .iter()
        .filter_map(|decision| match decision {
            Decision::Known(place) => Some(holds[*place].order_id),
            Decision::Hold(_) | Decision::SameAs(_) | Decision::Refuse(_) => None,
        })
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(holds::lines(tx, &Vec::from_iter(ids)).await?)
}

/// All that a verdict is made of.
struct View<'a> {
    batch: &'a [Reservation],
    decisions: &'a [Decision],
    offers: &'a [Offer],
    holds: &'a [KnownHold],
    ends: HashMap<Uuid, DateTime<Utc>>,
    known_lines: HashMap<Uuid, Vec<HeldLine>>,
    currency: Currency,
}

impl View<'_> {
    fn verdict(&self, place: usize) -> Verdict {
        match &self.decisions[place] {
            Decision::Hold(hold) => self.held(place, hold),
            Decision::SameAs(earlier) => self.verdict(*earlier),
            Decision::Known(place) => {
                let hold = &self.holds[*place];
                Verdict::Held {
                    order_id: hold.order_id,
                    expires_at: hold.expires_at,
                    currency: self.currency,
                    total_minor: hold.total_minor,
                    lines: self
                        .known_lines
                        .get(&hold.order_id)
                        .cloned()
                        .unwrap_or_default(),
                }
            }
            Decision::Refuse(verdict) => verdict.clone(),
        }
    }

    fn held(&self, place: usize, hold: &NewHold) -> Verdict {
        let order_id = self.batch[place].order_id;
        let lines = hold.lines.iter().map(|line| {
            let offer = &self.offers[line.offer];
            HeldLine {
                product_id: offer.product_id,
                vendor_id: offer.vendor_id,
                sku: offer.sku.clone(),
                name: offer.name.clone(),
                unit_price_minor: offer.price_minor,
                quantity: line.quantity,
            }
        });
        Verdict::Held {
            order_id,
            expires_at: self.ends.get(&order_id).copied().unwrap_or_default(),
            currency: self.currency,
            total_minor: hold.total_minor,
            lines: lines.collect(),
        }
    }
}
