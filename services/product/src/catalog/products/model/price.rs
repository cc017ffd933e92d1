//! Prices: never negative, and small enough that no total overflows.

use money::{Amount, Currency, Money, MoneyError};

/// The highest price, in minor units. With [`crate::stock::reservations::model::MAX_QUANTITY`] and
/// [`crate::stock::reservations::model::MAX_LINES`] it keeps every total within an `i64`.
pub const MAX_PRICE_MINOR: i64 = 100_000_000_000;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PriceError {
    #[error(transparent)]
    Amount(#[from] MoneyError),
    #[error("a price must not be negative")]
    Negative,
    #[error("a price must be at most {MAX_PRICE_MINOR} minor units")]
    TooHigh,
}

/// The price that a client wrote, in the shop's currency.
pub fn price(amount: &Amount, currency: Currency) -> Result<Money, PriceError> {
    let money = amount.in_currency(currency)?;
    match money.minor {
        ..0 => Err(PriceError::Negative),
        0..=MAX_PRICE_MINOR => Ok(money),
        _ => Err(PriceError::TooHigh),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_lies_between_nothing_and_the_most() {
        let usd = |text: &str| {
            price(&serde_json::from_str(text).unwrap(), "USD".parse().unwrap())
                .map(|money| money.minor)
        };
        assert_eq!(usd("\"19.90\""), Ok(1990));
        assert_eq!(usd("0"), Ok(0));
        assert_eq!(usd("-0.01"), Err(PriceError::Negative));
        assert_eq!(usd("1000000000"), Ok(MAX_PRICE_MINOR));
        assert_eq!(usd("1000000000.01"), Err(PriceError::TooHigh));
    }
}
