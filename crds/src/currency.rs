//! The currencies that a shop may have: the active ones of ISO 4217.

use iso_currency::Currency;
use std::sync::LazyLock;

/// A code has three letters, so there are few enough combinations to look each of them up.
const LETTERS: std::ops::RangeInclusive<char> = 'A'..='Z';

static CODES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let all = LETTERS.flat_map(|first| {
        LETTERS.flat_map(move |second| LETTERS.map(move |third| [first, second, third]))
    });
    all.filter_map(|code| Currency::from_code(&String::from_iter(code)))
        .filter(|currency| is_money(*currency))
        .map(|currency| currency.code())
        .collect()
});

/// The codes in the order of the alphabet.
pub fn currency_codes() -> &'static [&'static str] {
    &CODES
}

/// Whether a currency is not withdrawn, and is neither a metal, a unit of account nor a code for testing.
fn is_money(currency: Currency) -> bool {
    !currency.is_special() && currency.is_superseded().is_none() && currency.exponent().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_money_in_circulation_is_a_currency_of_a_shop() {
        let known = |code| currency_codes().contains(&code);
        for code in ["USD", "EUR", "JPY", "KWD", "CHF", "XOF", "ZWG"] {
            assert!(known(code), "{code}");
        }
        for code in ["ZZZ", "HRK", "XXX", "XTS", "XAU", "usd", "AAA"] {
            assert!(!known(code), "{code}");
        }
        assert!(currency_codes().len() > 150);
        assert!(currency_codes().is_sorted());
    }
}
