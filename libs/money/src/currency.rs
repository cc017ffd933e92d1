//! ISO 4217 currencies: the code, and the exponent that says how many digits a minor unit is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An ISO 4217 alphabetic code, such as `USD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a currency must be an ISO 4217 code such as USD, in upper case")]
pub struct CurrencyError;

impl Currency {
    pub fn code(&self) -> &str {
        self.0.code()
    }

    /// Digits after the point.
    pub fn exponent(&self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    /// Withdrawn currencies count too, so that what was stored in one stays readable; metals, units of account and the
    /// code for testing have no digits, or are no money.
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let known = iso_currency::Currency::from_code(text);
        known
            .filter(|known| known.exponent().is_some() && !known.is_special())
            .map(Self)
            .ok_or(CurrencyError)
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, CurrencyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_are_no_money_are_refused() {
        for code in ["ZZZ", "XXX", "XTS", "XAU", "XDR", "usd", "US", "USDT", ""] {
            assert_eq!(code.parse::<Currency>(), Err(CurrencyError), "{code}");
        }
    }

    #[test]
    fn a_withdrawn_currency_stays_readable() {
        assert_eq!("HRK".parse::<Currency>().unwrap().exponent(), 2);
    }

    /// Stored amounts are in minor units: a table that changed would change their meaning.
    #[test]
    fn the_digits_of_every_currency_are_frozen() {
        let letters = || (b'A'..=b'Z').map(char::from);
        let mut others = Vec::new();
        for first in letters() {
            for second in letters() {
                for third in letters() {
                    let code = String::from_iter([first, second, third]);
                    let exponent = code.parse::<Currency>().map_or(2, |code| code.exponent());
                    if exponent != 2 {
                        others.push(format!("{code} {exponent}"));
                    }
                }
            }
        }
        assert_eq!(
            others.join(", "),
            "BHD 3, BIF 0, CLF 4, CLP 0, DJF 0, GNF 0, IQD 3, ISK 0, JOD 3, JPY 0, KMF 0, KRW 0, KWD 3, LYD 3, \
             OMR 3, PYG 0, RWF 0, TND 3, UGX 0, UYI 0, UYW 4, VND 0, VUV 0, XAF 0, XOF 0, XPF 0"
        );
    }
}
