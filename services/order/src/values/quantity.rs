//! How many units of one product.

use std::num::NonZeroU32;

use serde::Serialize;

/// 1 to 10,000 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Quantity(NonZeroU32);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a quantity must be 1 to 10,000")]
pub struct QuantityError;

impl Quantity {
    pub const MAX: u32 = 10_000;

    pub const fn get(self) -> u32 {
        self.0.get()
    }

    pub fn checked_add(self, more: Self) -> Result<Self, QuantityError> {
        Self::try_from(self.get().saturating_add(more.get()))
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityError;

    fn try_from(units: u32) -> Result<Self, QuantityError> {
        NonZeroU32::new(units)
            .filter(|units| units.get() <= Self::MAX)
            .map(Self)
            .ok_or(QuantityError)
    }
}

/// As a column of the database holds it.
impl TryFrom<i32> for Quantity {
    type Error = QuantityError;

    fn try_from(units: i32) -> Result<Self, QuantityError> {
        u32::try_from(units).map_err(|_| QuantityError)?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_stays_within_its_bounds_even_when_added() {
        assert_eq!(Quantity::try_from(0), Err(QuantityError));
        assert_eq!(Quantity::try_from(10_001), Err(QuantityError));
        let most = Quantity::try_from(10_000).unwrap();
        assert_eq!(most.checked_add(most), Err(QuantityError));
        assert_eq!(
            Quantity::try_from(2)
                .unwrap()
                .checked_add(Quantity::try_from(3).unwrap())
                .map(Quantity::get),
            Ok(5)
        );
    }
}
