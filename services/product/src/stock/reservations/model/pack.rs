//! What goes into which parcel: one after the other, against the counts as they are under the lock. Pure.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Counts, Hash, HoldState, OrderLine, Parcel, Way};
use crate::stock::inventory::model::MAX_ON_HAND;

/// What became of a parcel, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packed {
    /// Now, or when it was told of before.
    Moved,
    NotCommitted,
    TooMany,
    Gone,
    Mismatch,
}

#[derive(Debug, Default)]
pub struct Packing {
    /// A word on each parcel.
    pub packed: Vec<Packed>,
    /// The places of the parcels that move now, and what their content is.
    pub fresh: Vec<(usize, Hash)>,
    pub moves: Vec<Move>,
}

/// Units of one order that come to one stock level or go from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The place of its line in the counts.
    pub line: usize,
    pub quantity: i64,
    pub on_hand_after: i64,
}

/// Packs parcel by parcel; one that is refused takes nothing from the next one. None: the counts lack the stock of a line.
pub fn pack(way: Way, parcels: &[Parcel], counts: Counts<'_>) -> Option<Packing> {
    let mut room = Room::try_new(way, counts)?;
    let mut known = counts.moved.clone();
    let mut packing = Packing::default();
    for (place, parcel) in parcels.iter().enumerate() {
        let content = parcel.fingerprint();
        let packed = match (known.get(&parcel.id), counts.states.get(&parcel.order_id)) {
            (Some(before), _) if *before == content => Packed::Moved,
            (Some(_), _) => Packed::Mismatch,
            (None, None | Some(HoldState::Released)) => Packed::Gone,
            (None, Some(HoldState::Held | HoldState::Expired | HoldState::Lost)) => {
                Packed::NotCommitted
            }
            (None, Some(HoldState::Committed)) => match room.take(parcel) {
                Some(moves) => {
                    known.insert(parcel.id, content);
                    packing.fresh.push((place, content));
                    packing.moves.extend(moves);
                    Packed::Moved
                }
                None => Packed::TooMany,
            },
        };
        packing.packed.push(packed);
    }
    Some(packing)
}

/// What the lines still have to move, and what that makes of the stock levels.
struct Room<'a> {
    way: Way,
    /// Of each line.
    left: Vec<i64>,
    /// Of each line, its stock level.
    level_of: Vec<usize>,
    on_hand: Vec<i64>,
    /// The lines of an order and SKU, in the order in which stock levels are emptied.
    by_sku: HashMap<(Uuid, &'a str), Vec<usize>>,
}

impl<'a> Room<'a> {
    fn try_new(way: Way, counts: Counts<'a>) -> Option<Self> {
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
        let left = |line: &OrderLine| match way {
            Way::Shipment => line.quantity - line.shipped - line.released,
            Way::Return => line.shipped - line.returned,
        };
        Some(Self {
            way,
            left: counts.lines.iter().map(left).collect(),
            level_of,
            on_hand: counts.levels.iter().map(|level| level.on_hand).collect(),
            by_sku,
        })
    }

    /// All that the parcel names, or None.
    fn take(&mut self, parcel: &Parcel) -> Option<Vec<Move>> {
        let (mut left, mut on_hand) = (self.left.clone(), self.on_hand.clone());
        let mut moves = Vec::new();
        for (sku, units) in parcel.units() {
            let mut missing = units;
            for place in self.by_sku.get(&(parcel.order_id, sku.as_str()))? {
                let there = &mut on_hand[self.level_of[*place]];
                let space = match self.way {
                    Way::Shipment => *there,
                    Way::Return => MAX_ON_HAND - *there,
                };
                let quantity = missing.min(left[*place]).min(space);
                if quantity > 0 {
                    left[*place] -= quantity;
                    missing -= quantity;
                    *there += self.way.change(quantity);
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
        (self.left, self.on_hand) = (left, on_hand);
        Some(moves)
    }
}
