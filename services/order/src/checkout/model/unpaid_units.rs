//! How many units of one product a customer may have in orders that still owe: counted in sequence, so that the units of
//! a refused order do not count against its neighbours (ORDERS 10, 15). Pure.

use std::{collections::HashMap, num::NonZeroU32};

use super::ProductReference;
use crate::values::{ProductId, Sku, UserId};

/// Units that a customer has in orders that still owe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwingUnits {
    pub customer: UserId,
    pub product_id: ProductId,
    pub sku: Sku,
    pub units: u64,
}

/// An order would leave its customer with more units unpaid than are allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{asked} further units of a product would be unpaid, in addition to {held}; {allowed} are allowed"
)]
pub struct TooManyUnpaidUnits {
    pub product: ProductReference,
    pub allowed: NonZeroU32,
    pub held: u64,
    pub asked: u64,
}

#[derive(Clone, Debug)]
pub struct UnpaidUnits {
    allowed: NonZeroU32,
    /// By either name of a product: a request may use one or the other.
    units: HashMap<(UserId, ProductReference), u64>,
}

impl UnpaidUnits {
    pub fn new(allowed: NonZeroU32, owing: Vec<OwingUnits>) -> Self {
        let mut units: HashMap<_, u64> = HashMap::new();
        for one in owing {
            let names = [
                ProductReference::Sku(one.sku),
                ProductReference::ProductId(one.product_id),
            ];
            for name in names {
                *units.entry((one.customer, name)).or_default() += one.units;
            }
        }
        Self { allowed, units }
    }

    /// Counts an order of these lines, unless it is too much.
    pub fn admit(
        &mut self,
        customer: UserId,
        lines: impl IntoIterator<Item = (ProductReference, u32)>,
    ) -> Result<(), TooManyUnpaidUnits> {
        let mut asked: Vec<(ProductReference, u64)> = Vec::new();
        for (product, units) in lines {
            match asked.iter_mut().find(|(known, _)| *known == product) {
                Some((_, known)) => *known += u64::from(units),
                None => asked.push((product, units.into())),
            }
        }
        for (product, units) in &asked {
            let held = self.units.get(&(customer, product.clone())).copied();
            let held = held.unwrap_or_default();
            if held.saturating_add(*units) > u64::from(self.allowed.get()) {
                return Err(TooManyUnpaidUnits {
                    product: product.clone(),
                    allowed: self.allowed,
                    held,
                    asked: *units,
                });
            }
        }
        for (product, units) in asked {
            *self.units.entry((customer, product)).or_default() += units;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ADA: UserId = UserId(Uuid::nil());
    const BOB: UserId = UserId(Uuid::max());

    fn sku(text: &str) -> Sku {
        Sku::try_from(text.to_owned()).unwrap()
    }

    fn mugs(units: u32) -> [(ProductReference, u32); 1] {
        [(ProductReference::Sku(sku("MUG")), units)]
    }

    fn three_allowed(owing: Vec<OwingUnits>) -> UnpaidUnits {
        UnpaidUnits::new(NonZeroU32::new(3).unwrap(), owing)
    }

    fn ada_owes(units: u64) -> Vec<OwingUnits> {
        vec![OwingUnits {
            customer: ADA,
            product_id: ProductId(Uuid::nil()),
            sku: sku("MUG"),
            units,
        }]
    }

    #[test]
    fn what_a_customer_owes_counts_for_that_customer_and_product_alone() {
        let mut units = three_allowed(ada_owes(2));
        let refused = units.admit(ADA, mugs(2)).unwrap_err();
        assert_eq!((refused.held, refused.asked), (2, 2));
        assert_eq!(units.admit(BOB, mugs(3)), Ok(()));
        let cups = [(ProductReference::Sku(sku("CUP")), 3)];
        assert_eq!(units.admit(ADA, cups), Ok(()));
        let by_id = (ProductReference::ProductId(ProductId(Uuid::nil())), 2);
        assert!(units.admit(ADA, [by_id]).is_err(), "by its other name");
        assert_eq!(units.admit(ADA, mugs(1)), Ok(()));
    }

    #[test]
    fn a_refused_order_counts_for_nothing_and_an_admitted_one_for_all_after_it() {
        let mut units = three_allowed(Vec::new());
        assert_eq!(units.admit(ADA, mugs(2)), Ok(()));
        assert!(units.admit(ADA, mugs(2)).is_err());
        assert_eq!(units.admit(ADA, mugs(1)), Ok(()));
        assert!(units.admit(ADA, mugs(1)).is_err());
    }

    #[test]
    fn lines_of_one_product_count_together() {
        let [mug] = mugs(2);
        let refused = three_allowed(Vec::new()).admit(ADA, [mug.clone(), mug]);
        assert_eq!(refused.unwrap_err().asked, 4);
    }
}
