//! What an order costs. Shipping, tax and discount have their places from the first day (ORDERS 23).

use money::{Currency, Money, MoneyError};

use super::OrderLine;

/// `total = items + shipping + tax − discount`, all in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    pub items: Money,
    pub shipping: Money,
    pub tax: Money,
    pub discount: Money,
    pub total: Money,
}

impl Totals {
    /// The totals of lines that ship free, untaxed and undiscounted, as all do so far.
    pub fn of(lines: &[OrderLine], currency: Currency) -> Result<Self, MoneyError> {
        let nothing = Money::new(0, currency);
        let items = lines
            .iter()
            .try_fold(nothing, |sum, line| sum.checked_add(line.total))?;
        Ok(Self {
            items,
            shipping: nothing,
            tax: nothing,
            discount: nothing,
            total: items,
        })
    }

    pub fn currency(&self) -> Currency {
        self.total.currency
    }
}
