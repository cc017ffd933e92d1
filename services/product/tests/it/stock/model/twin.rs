//! The reference model of stock: in memory, one order after the other, independent of the implementation.

mod transfers;

use std::collections::{BTreeMap, BTreeSet};

use product::stock::reservations::{Committed, Extended, Released, model::HoldState};

use super::story::{Asked, Basket, LEVELS, SKUS};

/// SKU and location.
pub type Place = (&'static str, &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub quantity: i64,
    pub shipped: i64,
    pub returned: i64,
    pub released: i64,
}

#[derive(Clone, Debug)]
pub struct Hold {
    /// `None`: a tombstone.
    request: Option<(u8, Units)>,
    pub state: HoldState,
    overdue: bool,
    pub lines: BTreeMap<Place, Line>,
}

type Units = BTreeMap<&'static str, i64>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    Held(u8),
    OutOfStock(Vec<(String, i64, i64)>),
    Mismatch,
    Gone,
}

#[derive(Clone, Debug)]
pub struct Twin {
    pub levels: BTreeMap<Place, Level>,
    pub holds: BTreeMap<u8, Hold>,
    /// The content of those that moved.
    shipments: BTreeMap<u8, (u8, Units)>,
    returns: BTreeMap<u8, (u8, Units)>,
    pub shortfalls: BTreeMap<(u8, Place), i64>,
}

fn units(basket: &Basket) -> Units {
    let mut units = Units::new();
    for (sku, quantity) in basket {
        *units.entry(SKUS[*sku]).or_default() += i64::from(*quantity);
    }
    units
}

/// The locations of a SKU, in the order in which units are taken.
fn places(sku: &str) -> Vec<Place> {
    let mut places: Vec<_> = LEVELS.iter().filter(|level| level.0 == sku).collect();
    places.sort_by_key(|level| level.2);
    places.iter().map(|level| (level.0, level.1)).collect()
}

impl Line {
    fn left(self) -> i64 {
        self.quantity - self.shipped - self.released
    }
}

impl Twin {
    pub fn new() -> Self {
        let level = |on_hand| Level {
            on_hand,
            held: 0,
            allocated: 0,
        };
        Self {
            levels: LEVELS
                .iter()
                .map(|(sku, location, _, units)| ((*sku, *location), level(*units)))
                .collect(),
            holds: BTreeMap::new(),
            shipments: BTreeMap::new(),
            returns: BTreeMap::new(),
            shortfalls: BTreeMap::new(),
        }
    }

    fn available(&self, sku: &str) -> i64 {
        let left = |place| {
            let there: &Level = &self.levels[&place];
            there.on_hand - there.held - there.allocated
        };
        places(sku).into_iter().map(left).sum()
    }

    fn level(&mut self, place: Place) -> &mut Level {
        self.levels.get_mut(&place).unwrap()
    }

    /// Takes available units, and returns their locations.
    fn take(&mut self, wanted: &Units) -> BTreeMap<Place, Line> {
        let mut lines = BTreeMap::new();
        for (sku, quantity) in wanted {
            let mut missing = *quantity;
            for place in places(sku) {
                let there = self.level(place);
                let quantity = missing.min(there.on_hand - there.held - there.allocated);
                if quantity > 0 {
                    there.held += quantity;
                    missing -= quantity;
                    lines.insert(
                        place,
                        Line {
                            quantity,
                            ..Line::default()
                        },
                    );
                }
            }
            assert_eq!(missing, 0);
        }
        lines
    }

    fn put_back(&mut self, order: u8, state: HoldState) {
        let hold = self.holds.get_mut(&order).unwrap();
        hold.state = state;
        for (place, line) in hold.lines.clone() {
            self.level(place).held -= line.quantity;
        }
    }

    fn allocate(&mut self, order: u8) {
        let hold = self.holds.get_mut(&order).unwrap();
        hold.state = HoldState::Committed;
        for (place, line) in hold.lines.clone() {
            self.level(place).held -= line.quantity;
            self.level(place).allocated += line.quantity;
        }
    }

    fn in_state(&self, state: HoldState, orders: &[u8]) -> Vec<u8> {
        let mut found = Vec::new();
        for order in orders {
            let matches = self
                .holds
                .get(order)
                .is_some_and(|hold| hold.state == state);
            if matches && !found.contains(order) {
                found.push(*order);
            }
        }
        found
    }

    /// Releases overdue holds of these SKUs; whether there were any.
    fn expire(&mut self, skus: &BTreeSet<&str>, spared: &[u8]) -> bool {
        let holds_one = |hold: &Hold| hold.lines.keys().any(|place| skus.contains(place.0));
        let overdue: Vec<u8> = self
            .holds
            .iter()
            .filter(|(order, hold)| {
                hold.state == HoldState::Held
                    && hold.overdue
                    && holds_one(hold)
                    && !spared.contains(order)
            })
            .map(|(order, _)| *order)
            .collect();
        for order in &overdue {
            self.put_back(*order, HoldState::Expired);
        }
        !overdue.is_empty()
    }

    pub fn reserve(&mut self, batch: &[Asked]) -> Vec<Reserved> {
        let named = |(order, hold): (&u8, &Hold)| {
            let by_request = |asked: &Asked| {
                let request = hold.request.as_ref();
                request.is_some_and(|(request, _)| *request == asked.request)
            };
            batch
                .iter()
                .any(|asked| asked.order == *order || by_request(asked))
                .then_some(*order)
        };
        let spared: Vec<u8> = self.holds.iter().filter_map(named).collect();
        let mut attempt = self.clone();
        let mut verdicts = attempt.reserve_each(batch);
        let mut short = BTreeSet::new();
        for verdict in &verdicts {
            if let Reserved::OutOfStock(lines) = verdict {
                short.extend(lines.iter().map(|(sku, ..)| sku.as_str()));
            }
        }
        if self.expire(&short, &spared) {
            attempt = self.clone();
            verdicts = attempt.reserve_each(batch);
        }
        *self = attempt;
        verdicts
    }

    fn reserve_each(&mut self, batch: &[Asked]) -> Vec<Reserved> {
        batch.iter().map(|asked| self.reserve_one(asked)).collect()
    }

    fn reserve_one(&mut self, asked: &Asked) -> Reserved {
        let wanted = units(&asked.basket);
        let same_request = self.holds.iter().find_map(|(order, hold)| {
            let (request, wanted) = hold.request.as_ref()?;
            (*request == asked.request).then_some((*order, hold.state, wanted))
        });
        if let Some((order, state, before)) = same_request {
            return match state {
                _ if *before != wanted => Reserved::Mismatch,
                HoldState::Held | HoldState::Committed => Reserved::Held(order),
                HoldState::Released | HoldState::Expired | HoldState::Lost => Reserved::Gone,
            };
        }
        if let Some(hold) = self.holds.get(&asked.order) {
            return match hold.request {
                None => Reserved::Gone,
                Some(_) => Reserved::Mismatch,
            };
        }
        let mut skus = Vec::new();
        for (sku, _) in &asked.basket {
            if !skus.contains(&SKUS[*sku]) {
                skus.push(SKUS[*sku]);
            }
        }
        let short: Vec<_> = skus
            .into_iter()
            .map(|sku| (sku.to_owned(), wanted[sku], self.available(sku)))
            .filter(|(_, wanted, available)| wanted > available)
            .collect();
        if !short.is_empty() {
            return Reserved::OutOfStock(short);
        }
        let lines = self.take(&wanted);
        let hold = Hold {
            request: Some((asked.request, wanted)),
            state: HoldState::Held,
            overdue: false,
            lines,
        };
        self.holds.insert(asked.order, hold);
        Reserved::Held(asked.order)
    }

    pub fn commit(&mut self, orders: &[u8]) -> Vec<Committed> {
        for order in self.in_state(HoldState::Held, orders) {
            self.allocate(order);
        }
        for order in self.retake(orders) {
            self.allocate(order);
        }
        let outcome = |order| match self.holds.get(order).map(|hold| hold.state) {
            Some(HoldState::Held | HoldState::Committed) => Committed::Committed,
            Some(HoldState::Expired | HoldState::Lost) => Committed::Lost,
            Some(HoldState::Released) | None => Committed::Gone,
        };
        orders.iter().map(outcome).collect()
    }

    pub fn extend(&mut self, orders: &[u8]) -> Vec<Extended> {
        for order in self.in_state(HoldState::Held, orders) {
            self.holds.get_mut(&order).unwrap().overdue = false;
        }
        self.retake(orders);
        let outcome = |order| match self.holds.get(order).map(|hold| hold.state) {
            Some(HoldState::Held) => Extended::Extended,
            Some(HoldState::Committed) => Extended::Committed,
            Some(HoldState::Expired | HoldState::Lost) => Extended::Lost,
            Some(HoldState::Released) | None => Extended::Gone,
        };
        orders.iter().map(outcome).collect()
    }

    /// Takes ended holds again whose units are all available; returns which.
    fn retake(&mut self, orders: &[u8]) -> Vec<u8> {
        let ended: Vec<u8> = orders
            .iter()
            .copied()
            .filter(|order| {
                let states = [HoldState::Expired, HoldState::Lost];
                let hold = self.holds.get(order);
                hold.is_some_and(|hold| states.contains(&hold.state))
            })
            .collect();
        let mut attempt = self.clone();
        let (mut taken, short) = attempt.retake_each(&ended);
        if self.expire(&short, &[]) {
            attempt = self.clone();
            (taken, _) = attempt.retake_each(&ended);
        }
        *self = attempt;
        taken
    }

    fn retake_each(&mut self, ended: &[u8]) -> (Vec<u8>, BTreeSet<&'static str>) {
        let (mut taken, mut short) = (Vec::new(), BTreeSet::new());
        for order in ended {
            if taken.contains(order) {
                continue;
            }
            let (_, wanted) = self.holds[order].request.clone().unwrap();
            let missing: Vec<_> = wanted
                .iter()
                .filter(|(sku, quantity)| self.available(sku) < **quantity)
                .map(|(sku, _)| *sku)
                .collect();
            if !missing.is_empty() {
                short.extend(missing);
                continue;
            }
            let lines = self.take(&wanted);
            let hold = self.holds.get_mut(order).unwrap();
            hold.state = HoldState::Held;
            hold.overdue = false;
            hold.lines = lines;
            taken.push(*order);
        }
        (taken, short)
    }

    pub fn release(&mut self, orders: &[u8], committed: bool) -> Vec<Released> {
        let one = |order: &u8| {
            let Some(hold) = self.holds.get_mut(order) else {
                let tombstone = Hold {
                    request: None,
                    state: HoldState::Released,
                    overdue: false,
                    lines: BTreeMap::new(),
                };
                self.holds.insert(*order, tombstone);
                return Released::Released;
            };
            match hold.state {
                HoldState::Held => self.put_back(*order, HoldState::Released),
                HoldState::Expired | HoldState::Lost => hold.state = HoldState::Released,
                HoldState::Released => {}
                HoldState::Committed if !committed => return Released::Committed,
                HoldState::Committed => {
                    let mut given = Vec::new();
                    for (place, line) in &mut hold.lines {
                        given.push((*place, line.left()));
                        line.released += line.left();
                    }
                    if hold.lines.values().all(|line| line.shipped == 0) {
                        hold.state = HoldState::Released;
                    }
                    for (place, units) in given {
                        self.level(place).allocated -= units;
                    }
                }
            }
            Released::Released
        };
        orders.iter().map(one).collect()
    }

    pub fn run_out(&mut self, order: u8) {
        if let Some(hold) = self.holds.get_mut(&order) {
            hold.overdue |= hold.state == HoldState::Held;
        }
    }

    pub fn sweep(&mut self) {
        self.expire(&BTreeSet::from(SKUS), &[]);
    }

    /// Whether it succeeded.
    pub fn adjust(&mut self, at: usize, delta: i64, force: bool) -> bool {
        let place = (LEVELS[at].0, LEVELS[at].1);
        let there = self.levels[&place];
        let on_hand = there.on_hand + delta;
        if on_hand < there.held + there.allocated {
            if !force || on_hand < 0 {
                return false;
            }
            self.expire(&BTreeSet::from([place.0]), &[]);
            self.give_up(place, on_hand);
        }
        self.level(place).on_hand = on_hand;
        true
    }

    fn give_up(&mut self, place: Place, on_hand: i64) {
        let newest: Vec<u8> = self.holds.keys().rev().copied().collect();
        for order in &newest {
            let there = self.levels[&place];
            let hold = &self.holds[order];
            let has = hold.state == HoldState::Held && hold.lines.contains_key(&place);
            if has && there.held + there.allocated > on_hand {
                self.put_back(*order, HoldState::Lost);
            }
        }
        for order in &newest {
            let there = self.levels[&place];
            let lack = there.held + there.allocated - on_hand;
            let hold = self.holds.get_mut(order).unwrap();
            let line = hold.lines.get_mut(&place);
            if let (HoldState::Committed, Some(line), true) = (hold.state, line, lack > 0) {
                let units = lack.min(line.left());
                line.released += units;
                self.level(place).allocated -= units;
                if units > 0 {
                    *self.shortfalls.entry((*order, place)).or_default() += units;
                }
            }
        }
    }
}
