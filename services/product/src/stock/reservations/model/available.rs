//! Units that are available while orders are served one after the other.

use std::collections::HashMap;

use super::{StockLevel, Take};

/// Units that can be ordered, by SKU, in the order in which stock levels are emptied.
#[derive(Debug)]
pub struct Available<'a>(HashMap<&'a str, Vec<(&'a StockLevel, i64)>>);

impl<'a> Available<'a> {
    pub fn on(levels: &'a [StockLevel]) -> Self {
        let mut by_sku: HashMap<&str, Vec<(&StockLevel, i64)>> = HashMap::new();
        for level in levels {
            let of_sku = by_sku.entry(level.sku.as_str()).or_default();
            of_sku.push((level, level.available()));
        }
        for of_sku in by_sku.values_mut() {
            of_sku.sort_by_key(|(level, _)| (level.priority, &level.location));
        }
        Self(by_sku)
    }

    pub fn of(&self, sku: &str) -> i64 {
        let of_sku = self.0.get(sku).into_iter().flatten();
        of_sku.map(|(_, available)| available).sum()
    }

    /// Takes units that [`Self::of`] found to be there.
    pub fn take(&mut self, sku: &str, quantity: i64) -> Vec<Take> {
        let mut missing = quantity;
        let mut takes = Vec::new();
        for (level, available) in self.0.get_mut(sku).into_iter().flatten() {
            let quantity = missing.min(*available);
            if quantity > 0 {
                *available -= quantity;
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
