//! Shipments and returns.

use std::collections::BTreeMap;

use product::stock::reservations::{Returned, Shipped, model::HoldState};

use super::{Line, Place, Twin, Units, places, units};
use crate::stock::model::story::Transfer;

impl Twin {
    pub fn ship(&mut self, transfers: &[Transfer]) -> Vec<Shipped> {
        transfers
            .iter()
            .map(|transfer| self.ship_one(transfer))
            .collect()
    }

    fn ship_one(&mut self, transfer: &Transfer) -> Shipped {
        let content = (transfer.order, units(&transfer.basket));
        match self.shipments.get(&transfer.id) {
            Some(before) if *before == content => return Shipped::Shipped,
            Some(_) => return Shipped::Mismatch,
            None => {}
        }
        let Some(hold) = self.holds.get_mut(&transfer.order) else {
            return Shipped::Gone;
        };
        match hold.state {
            HoldState::Released => return Shipped::Gone,
            HoldState::Held | HoldState::Expired | HoldState::Lost => return Shipped::NotCommitted,
            HoldState::Committed => {}
        }
        let Some(moves) = spread(&content.1, &hold.lines, Line::left) else {
            return Shipped::TooMany;
        };
        for (place, units) in moves {
            hold.lines.get_mut(&place).unwrap().shipped += units;
            let there = self.levels.get_mut(&place).unwrap();
            there.on_hand -= units;
            there.allocated -= units;
        }
        self.shipments.insert(transfer.id, content);
        Shipped::Shipped
    }

    pub fn restock(&mut self, transfers: &[Transfer]) -> Vec<Returned> {
        transfers
            .iter()
            .map(|transfer| self.restock_one(transfer))
            .collect()
    }

    fn restock_one(&mut self, transfer: &Transfer) -> Returned {
        let content = (transfer.order, units(&transfer.basket));
        match self.returns.get(&transfer.id) {
            Some(before) if *before == content => return Returned::Returned,
            Some(_) => return Returned::Mismatch,
            None => {}
        }
        let Some(hold) = self.holds.get_mut(&transfer.order) else {
            return Returned::Gone;
        };
        match hold.state {
            HoldState::Released => return Returned::Gone,
            HoldState::Held | HoldState::Expired | HoldState::Lost => return Returned::TooMany,
            HoldState::Committed => {}
        }
        let out = |line: Line| line.shipped - line.returned;
        let Some(moves) = spread(&content.1, &hold.lines, out) else {
            return Returned::TooMany;
        };
        for (place, units) in moves {
            hold.lines.get_mut(&place).unwrap().returned += units;
            self.levels.get_mut(&place).unwrap().on_hand += units;
        }
        self.returns.insert(transfer.id, content);
        Returned::Returned
    }
}

/// Units from the places of the lines, as far as each has some; None when there are not enough.
fn spread(
    wanted: &Units,
    lines: &BTreeMap<Place, Line>,
    left: impl Fn(Line) -> i64,
) -> Option<Vec<(Place, i64)>> {
    let mut moves = Vec::new();
    for (sku, quantity) in wanted {
        let mut missing = *quantity;
        for place in places(sku) {
            let units = lines.get(&place).map_or(0, |line| left(*line)).min(missing);
            missing -= units;
            moves.push((place, units));
        }
        if missing > 0 {
            return None;
        }
    }
    moves.retain(|(_, units)| *units > 0);
    Some(moves)
}
