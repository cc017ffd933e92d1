//! An amount as a client writes it, and money as it is stored and shown.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use crate::Currency;

/// Minor units of a currency: 9999 and USD are 99.99 dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MoneyError {
    #[error("an amount must be a plain decimal such as 99.99, without exponent")]
    NotADecimal,
    #[error("an amount in {currency} must have at most {exponent} digits after the decimal point")]
    TooPrecise { currency: Currency, exponent: u32 },
    #[error("the amount is too large")]
    TooLarge,
    #[error("the amounts have different currencies")]
    CurrencyMismatch,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The decimal text, with as many digits as the currency has.
    pub fn amount(&self) -> String {
        let exponent = self.currency.exponent() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!(
            "{:0>width$}",
            self.minor.unsigned_abs(),
            width = exponent + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    pub fn checked_mul(self, quantity: u32) -> Result<Self, MoneyError> {
        let minor = self
            .minor
            .checked_mul(i64::from(quantity))
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut money = serializer.serialize_struct("Money", 3)?;
        money.serialize_field("amount", &self.amount())?;
        money.serialize_field("minor", &self.minor)?;
        money.serialize_field("currency", &self.currency)?;
        money.end()
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some(
                "Money: the decimal text, the same in minor units, and the ISO 4217 currency.",
            ))
            .property("amount", ObjectBuilder::new().schema_type(Type::String))
            .property("minor", ObjectBuilder::new().schema_type(Type::Integer))
            .property("currency", ObjectBuilder::new().schema_type(Type::String))
            .required("amount")
            .required("minor")
            .required("currency")
            .examples([serde_json::json!({"amount": "99.99", "minor": 9999, "currency": "USD"})])
            .into()
    }
}

impl ToSchema for Money {}

/// Of the text of an amount that is not negative, in any currency.
const DECIMAL: &str = r"^[0-9]{1,12}(\.[0-9]{1,4})?$";

/// The raw text of an amount from a request: a JSON string or number, kept as written until its currency is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Amount(String);

impl Amount {
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The amount in minor units of `currency`. A sign is kept: whether it may be negative is the caller's rule.
    pub fn in_currency(&self, currency: Currency) -> Result<Money, MoneyError> {
        let (negative, unsigned) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.0.as_str()),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let dangling_point = unsigned.ends_with('.');
        if whole.is_empty() || dangling_point || !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyError::NotADecimal);
        }
        let exponent = currency.exponent();
        if fraction.len() > exponent as usize {
            return Err(MoneyError::TooPrecise { currency, exponent });
        }
        let digits = format!("{whole}{fraction:0<width$}", width = exponent as usize);
        let minor: i64 = digits.parse().map_err(|_| MoneyError::TooLarge)?;
        Ok(Money::new(if negative { -minor } else { minor }, currency))
    }
}

impl From<String> for Amount {
    /// An amount that is text already, such as a query parameter.
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<'de> Deserialize<'de> for Amount {
    /// Reads the raw text, so that 0.1 never becomes a float; works from JSON text only.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text)
                .map(Self)
                .map_err(serde::de::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(text.to_owned())),
            _ => Err(serde::de::Error::custom(
                "expected a decimal as a string or a number",
            )),
        }
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::SchemaType::from_iter([Type::String, Type::Number]))
            .description(Some(
                "A plain decimal, as a string or a number, with at most as many digits after the decimal point as the currency has.",
            ))
            .pattern(Some(DECIMAL))
            .minimum(Some(0))
            .examples([serde_json::json!("99.99")])
            .into()
    }
}

impl ToSchema for Amount {}

/// How OpenAPI shows an amount in a query, where all is text.
pub struct DecimalText;

impl PartialSchema for DecimalText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(17))
            .pattern(Some(DECIMAL))
            .into()
    }
}

impl ToSchema for DecimalText {}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Result<i64, MoneyError> {
        let amount: Amount = serde_json::from_str(text).unwrap();
        amount
            .in_currency("USD".parse().unwrap())
            .map(|money| money.minor)
    }

    #[test]
    fn decimals_become_minor_units() {
        assert_eq!(usd("\"99.99\""), Ok(9999));
        assert_eq!(usd("0.1"), Ok(10));
        assert_eq!(usd("7"), Ok(700));
        assert_eq!(usd("-0.05"), Ok(-5));
        assert_eq!(usd("92233720368547758.07"), Ok(i64::MAX));
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in [
            "\"\"", "\"1.\"", "\".5\"", "1e3", "\"+1\"", "\"1,00\"", "\"NaN\"", "\"1 \"", "\"--1\"",
        ] {
            assert_eq!(usd(text), Err(MoneyError::NotADecimal), "{text}");
        }
        let currency = "USD".parse().unwrap();
        assert_eq!(
            usd("1.005"),
            Err(MoneyError::TooPrecise {
                currency,
                exponent: 2
            })
        );
        assert_eq!(usd("92233720368547758.08"), Err(MoneyError::TooLarge));
        assert!(serde_json::from_str::<Amount>("true").is_err());
    }

    #[test]
    fn money_is_shown_with_the_digits_of_its_currency() {
        let shown = |minor, code: &str| Money::new(minor, code.parse().unwrap()).amount();
        assert_eq!(shown(9999, "USD"), "99.99");
        assert_eq!(shown(5, "USD"), "0.05");
        assert_eq!(shown(-5, "USD"), "-0.05");
        assert_eq!(shown(500, "JPY"), "500");
        assert_eq!(shown(1, "KWD"), "0.001");
    }

    #[test]
    fn totals_do_not_overflow() {
        let most = Money::new(i64::MAX, "USD".parse().unwrap());
        assert_eq!(most.checked_mul(2), Err(MoneyError::TooLarge));
        assert_eq!(most.checked_add(most), Err(MoneyError::TooLarge));
    }
}
