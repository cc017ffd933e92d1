//! Money: minor units of one currency, parsed from the raw text of a decimal and never a float.
//! No rates, no rounding rules of a shop: those belong to the service that needs them.

mod amount;
mod currency;

pub use amount::{Amount, DecimalText, Money, MoneyError};
pub use currency::{Currency, CurrencyError};
