//! What is left on the shelves while orders are served one after the other.

use std::collections::HashMap;

use super::{Shelf, Take};

/// Units that nobody has, by SKU, in the order in which shelves are emptied.
#[derive(Debug)]
pub struct Left<'a>(HashMap<&'a str, Vec<(&'a Shelf, i64)>>);

impl<'a> Left<'a> {
    pub fn on(shelves: &'a [Shelf]) -> Self {
        let mut left: HashMap<&str, Vec<(&Shelf, i64)>> = HashMap::new();
        for shelf in shelves {
            left.entry(shelf.sku.as_str())
                .or_default()
                .push((shelf, shelf.available()));
        }
        for shelves in left.values_mut() {
            shelves.sort_by_key(|(shelf, _)| (shelf.priority, &shelf.location));
        }
        Self(left)
    }

    pub fn of(&self, sku: &str) -> i64 {
        self.0
            .get(sku)
            .map_or(0, |shelves| shelves.iter().map(|(_, left)| left).sum())
    }

    /// Takes units that [`Self::of`] found to be there.
    pub fn take(&mut self, sku: &str, quantity: i64) -> Vec<Take> {
        let mut missing = quantity;
        let mut takes = Vec::new();
        for (shelf, left) in self.0.get_mut(sku).into_iter().flatten() {
            let quantity = missing.min(*left);
            if quantity > 0 {
                *left -= quantity;
                missing -= quantity;
                takes.push(Take {
                    location: shelf.location.clone(),
                    quantity,
                });
            }
        }
        takes
    }
}
