//! What is available while orders are served one after the other.

use std::collections::HashMap;

use super::{StockLevel, Take};

/// Units that can be ordered, by SKU, in the order in which stock levels are emptied.
#[derive(Debug)]
pub struct Available<'a>(HashMap<&'a str, Vec<(&'a StockLevel, i64)>>);

impl<'a> Available<'a> {
    pub fn on(levels: &'a [StockLevel]) -> Self {
        let mut left: HashMap<&str, Vec<(&StockLevel, i64)>> = HashMap::new();
        for level in levels {
            left.entry(level.sku.as_str())
                .or_default()
                .push((level, level.available()));
        }
        for levels in left.values_mut() {
            levels.sort_by_key(|(level, _)| (level.priority, &level.location));
        }
        Self(left)
    }

    pub fn of(&self, sku: &str) -> i64 {
        self.0
            .get(sku)
            .map_or(0, |levels| levels.iter().map(|(_, left)| left).sum())
    }

    /// Takes units that [`Self::of`] found to be there.
    pub fn take(&mut self, sku: &str, quantity: i64) -> Vec<Take> {
        let mut missing = quantity;
        let mut takes = Vec::new();
        for (level, left) in self.0.get_mut(sku).into_iter().flatten() {
            let quantity = missing.min(*left);
            if quantity > 0 {
                *left -= quantity;
                missing -= quantity;
                takes.push(Take {
                    location: level.location.clone(),
                    quantity,
                });
            }
        }
        takes
    }
}
