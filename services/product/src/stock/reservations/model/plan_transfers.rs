//! Which units each transfer moves: one transfer after the other, against the counters as they are under the lock. Pure.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Counts, Direction, Hash, HoldState, OrderLine, Transfer};
use crate::stock::inventory::model::MAX_ON_HAND;

/// The result of a transfer in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    /// Now, or when it was reported before.
    Moved,
    NotCommitted,
    TooMany,
    Gone,
    Mismatch,
}

#[derive(Debug, Default)]
pub struct TransferPlan {
    /// One for each transfer.
    pub results: Vec<Transferred>,
    /// The indexes of the transfers that move units now, and the hashes of their contents.
    pub fresh: Vec<(usize, Hash)>,
    pub moves: Vec<Move>,
}

/// Units of one order that are added to one stock level or taken off it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The index of its line in the counts.
    pub line: usize,
    pub quantity: i64,
    pub on_hand_after: i64,
}

/// Serves one transfer after the other; one that is refused takes nothing from the next one. None: the counts lack the stock
/// level of a line.
pub fn plan_transfers(
    direction: Direction,
    transfers: &[Transfer],
    counts: Counts<'_>,
) -> Option<TransferPlan> {
    let mut room = Room::try_new(direction, counts)?;
    let mut known = counts.moved.clone();
    let mut plan = TransferPlan::default();
    for (place, transfer) in transfers.iter().enumerate() {
        let content = transfer.fingerprint();
        let result = match (
            known.get(&transfer.id),
            counts.states.get(&transfer.order_id),
        ) {
            (Some(before), _) if *before == content => Transferred::Moved,
            (Some(_), _) => Transferred::Mismatch,
            (None, None | Some(HoldState::Released)) => Transferred::Gone,
            (None, Some(HoldState::Held | HoldState::Expired | HoldState::Lost)) => {
                Transferred::NotCommitted
            }
            (None, Some(HoldState::Committed)) => match room.take(transfer) {
                Some(moves) => {
                    known.insert(transfer.id, content);
                    plan.fresh.push((place, content));
                    plan.moves.extend(moves);
                    Transferred::Moved
                }
                None => Transferred::TooMany,
            },
        };
        plan.results.push(result);
    }
    Some(plan)
}

/// The units that may still be moved, and the units on hand after the moves so far.
struct Room<'a> {
    direction: Direction,
    /// Of each line.
    remaining: Vec<i64>,
    /// The index of the stock level of each line.
    level_of: Vec<usize>,
    /// Of each stock level.
    on_hand: Vec<i64>,
    /// The lines of an order and SKU, in the order in which stock levels are emptied.
    by_sku: HashMap<(Uuid, &'a str), Vec<usize>>,
}

impl<'a> Room<'a> {
    fn try_new(direction: Direction, counts: Counts<'a>) -> Option<Self> {
        let levels: HashMap<(&str, &str), usize> = counts
            .levels
            .iter()
            .enumerate()
            .map(|(place, level)| ((level.sku.as_str(), level.location.as_str()), place))
            .collect();
        let mut level_of = Vec::with_capacity(counts.lines.len());
        let mut by_sku: HashMap<(Uuid, &str), Vec<usize>> = HashMap::new();
        for (place, line) in counts.lines.iter().enumerate() {
            let level = levels.get(&(line.sku.as_str(), line.location.as_str()))?;
            level_of.push(*level);
            by_sku
                .entry((line.order_id, line.sku.as_str()))
                .or_default()
                .push(place);
        }
        for places in by_sku.values_mut() {
            places.sort_by_key(|place| {
                let level = &counts.levels[level_of[*place]];
                (level.priority, &level.location)
            });
        }
        let remaining = |line: &OrderLine| match direction {
            Direction::Shipment => line.quantity - line.shipped - line.released,
            Direction::Return => line.shipped - line.returned,
        };
        Some(Self {
            direction,
            remaining: counts.lines.iter().map(remaining).collect(),
            level_of,
            on_hand: counts.levels.iter().map(|level| level.on_hand).collect(),
            by_sku,
        })
    }

    /// The moves of all units of the transfer; None: some of them cannot be moved.
    fn take(&mut self, transfer: &Transfer) -> Option<Vec<Move>> {
        let (mut remaining, mut on_hand) = (self.remaining.clone(), self.on_hand.clone());
        let mut moves = Vec::new();
        for (sku, units) in transfer.units() {
            let mut missing = units;
            for place in self.by_sku.get(&(transfer.order_id, sku.as_str()))? {
                let there = &mut on_hand[self.level_of[*place]];
                let space = match self.direction {
                    Direction::Shipment => *there,
                    Direction::Return => MAX_ON_HAND - *there,
                };
                let quantity = missing.min(remaining[*place]).min(space);
                if quantity > 0 {
                    remaining[*place] -= quantity;
                    missing -= quantity;
                    *there += self.direction.change(quantity);
                    moves.push(Move {
                        line: *place,
                        quantity,
                        on_hand_after: *there,
                    });
                }
            }
            if missing > 0 {
                return None;
            }
        }
        (self.remaining, self.on_hand) = (remaining, on_hand);
        Some(moves)
    }
}
