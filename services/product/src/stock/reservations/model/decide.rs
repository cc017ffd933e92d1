//! Who gets what: order by order, in arrival order, against the stock levels as they are under the lock (ORDERS 10).
//! Pure: an order that is refused takes nothing from the next one.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Available, HoldState, Item, KnownHold, MAX_QUANTITY, Offer, Reservation, ShortLine, StockLevel,
    UnknownLine, Verdict,
};
use crate::catalog::products::model::Sku;

/// What the database says about the products, units and holds that a batch names.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub offers: &'a [Offer],
    pub levels: &'a [StockLevel],
    pub holds: &'a [KnownHold],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Hold(NewHold),
    /// The same request stands earlier in this batch, at this place.
    SameAs(usize),
    /// The request has its hold already, at this place of the facts.
    Known(usize),
    Refuse(Verdict),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    pub total_minor: i64,
    pub lines: Vec<NewLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The place of its product in the facts.
    pub offer: usize,
    pub quantity: i64,
    pub takes: Vec<Take>,
}

/// Units from one stock level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    pub location: String,
    pub quantity: i64,
}

/// A decision for each reservation.
pub fn decide(reservations: &[Reservation], facts: Facts<'_>) -> Vec<Decision> {
    let mut shop = Shop::new(facts);
    let mut decisions = Vec::with_capacity(reservations.len());
    for (place, reservation) in reservations.iter().enumerate() {
        let decision = shop
            .earlier(reservation, &reservations[..place], &decisions)
            .unwrap_or_else(|| shop.fresh(reservation));
        decisions.push(decision);
    }
    decisions
}

struct Shop<'a> {
    facts: Facts<'a>,
    available: Available<'a>,
    by_id: HashMap<Uuid, usize>,
    by_sku: HashMap<&'a str, usize>,
}

impl<'a> Shop<'a> {
    fn new(facts: Facts<'a>) -> Self {
        let offers = || facts.offers.iter().enumerate();
        Self {
            facts,
            available: Available::on(facts.levels),
            by_id: offers()
                .map(|(place, offer)| (offer.product_id, place))
                .collect(),
            by_sku: offers()
                .map(|(place, offer)| (offer.sku.as_str(), place))
                .collect(),
        }
    }

    /// The answer to a request, or an order, that was here before.
    fn earlier(
        &self,
        asked: &Reservation,
        before: &[Reservation],
        decisions: &[Decision],
    ) -> Option<Decision> {
        let holds = self.facts.holds;
        if let Some(place) = holds
            .iter()
            .position(|hold| hold.request_key == Some(asked.request_key))
        {
            let hold = &holds[place];
            return Some(match hold.state {
                _ if hold.fingerprint != Some(asked.fingerprint) => {
                    Decision::Refuse(Verdict::FingerprintMismatch)
                }
                HoldState::Held | HoldState::Committed => Decision::Known(place),
                HoldState::Released | HoldState::Expired | HoldState::Lost => {
                    Decision::Refuse(Verdict::Gone)
                }
            });
        }
        let held = |place: &usize| matches!(decisions[*place], Decision::Hold(_));
        let twin = (0..before.len())
            .filter(held)
            .find(|place| before[*place].request_key == asked.request_key);
        if let Some(place) = twin {
            let same = before[place].fingerprint == asked.fingerprint;
            return Some(if same {
                Decision::SameAs(place)
            } else {
                Decision::Refuse(Verdict::FingerprintMismatch)
            });
        }
        if let Some(hold) = holds.iter().find(|hold| hold.order_id == asked.order_id) {
            let tombstone = hold.request_key.is_none();
            return Some(Decision::Refuse(if tombstone {
                Verdict::Gone
            } else {
                Verdict::FingerprintMismatch
            }));
        }
        let namesake = (0..before.len())
            .filter(held)
            .any(|place| before[place].order_id == asked.order_id);
        namesake.then_some(Decision::Refuse(Verdict::FingerprintMismatch))
    }

    fn fresh(&mut self, asked: &Reservation) -> Decision {
        let lines = match self.merged(asked) {
            Ok(lines) => lines,
            Err(unknown) => return Decision::Refuse(Verdict::UnknownProduct { lines: unknown }),
        };
        let costs = |(offer, quantity): &(usize, i64)| {
            i128::from(self.facts.offers[*offer].price_minor) * i128::from(*quantity)
        };
        let total: i128 = lines.iter().map(costs).sum();
        // Whatever a total beyond i64 expects, it is not this; such an order is out of stock below.
        let total_minor = i64::try_from(total).unwrap_or(i64::MAX);
        if asked
            .expected_total_minor
            .is_some_and(|expected| expected != total_minor)
        {
            return Decision::Refuse(Verdict::PriceChanged { total_minor });
        }
        let short: Vec<ShortLine> = lines
            .iter()
            .filter_map(|(offer, quantity)| self.short(*offer, *quantity))
            .collect();
        if !short.is_empty() {
            return Decision::Refuse(Verdict::OutOfStock { lines: short });
        }
        let lines = lines
            .into_iter()
            .map(|(offer, quantity)| NewLine {
                offer,
                quantity,
                takes: self.take(offer, quantity),
            })
            .collect();
        Decision::Hold(NewHold { total_minor, lines })
    }

    /// The lines with each product once, in the order of the first line that names it.
    fn merged(&self, asked: &Reservation) -> Result<Vec<(usize, i64)>, Vec<UnknownLine>> {
        let mut lines: Vec<(usize, i64)> = Vec::with_capacity(asked.lines.len());
        let mut places: HashMap<usize, usize> = HashMap::new();
        let mut unknown = Vec::new();
        for (index, line) in asked.lines.iter().enumerate() {
            let offer = match &line.item {
                Item::Product(id) => self.by_id.get(id).copied(),
                Item::Sku(text) => {
                    let sku = Sku::try_from(text.clone()).ok();
                    sku.and_then(|sku| self.by_sku.get(sku.as_str()).copied())
                }
            };
            let Some(offer) = offer.filter(|offer| self.facts.offers[*offer].orderable) else {
                unknown.push(UnknownLine::new(index, &line.item));
                continue;
            };
            let place = *places.entry(offer).or_insert_with(|| {
                lines.push((offer, 0));
                lines.len() - 1
            });
            lines[place].1 += i64::from(line.quantity.get());
        }
        if unknown.is_empty() {
            Ok(lines)
        } else {
            Err(unknown)
        }
    }

    fn short(&self, offer: usize, requested: i64) -> Option<ShortLine> {
        let sku = &self.facts.offers[offer].sku;
        let available = MAX_QUANTITY.min(self.available.of(sku.as_str()));
        (requested > available).then(|| ShortLine {
            sku: sku.clone(),
            requested,
            available,
        })
    }

    /// Takes what [`Self::short`] found to be there.
    fn take(&mut self, offer: usize, quantity: i64) -> Vec<Take> {
        self.available
            .take(self.facts.offers[offer].sku.as_str(), quantity)
    }
}

#[cfg(test)]
mod tests;
