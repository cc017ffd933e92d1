//! Where an order goes.

use serde::{Deserialize, Serialize};

use super::{Text, text::shown};

/// Parsed where it comes in; how the database holds it is `orders::postgres`' business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShippingAddress {
    pub name: Text<200>,
    pub line1: Text<200>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<Text<200>>,
    pub city: Text<100>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<100>>,
    pub postal_code: Text<20>,
    pub country: Country,
}

/// A country of ISO 3166-1 by its two letters; upper-cased on input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Country(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a country must be a two-letter ISO 3166-1 code such as GB")]
pub struct CountryError;

shown!(Country);

impl Country {
    /// One that was taken before: other rules may have held then.
    pub fn kept(text: String) -> Result<Self, CountryError> {
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(text))
        } else {
            Err(CountryError)
        }
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(mut text: String) -> Result<Self, CountryError> {
        text.make_ascii_uppercase();
        if rust_iso3166::from_alpha2(&text).is_some() {
            Ok(Self(text))
        } else {
            Err(CountryError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_one_of_the_standards() {
        for (text, country) in [("de", "DE"), ("GB", "GB"), ("ax", "AX"), ("SS", "SS")] {
            assert_eq!(
                Country::try_from(text.to_owned()).unwrap().to_string(),
                country
            );
        }
        for text in [
            "", "D", "DEU", "1A", "Ä", "UK", "ZZ", "XX", "EU", "SU", "AN", "d ", "d\0",
        ] {
            assert_eq!(
                Country::try_from(text.to_owned()),
                Err(CountryError),
                "{text}"
            );
        }
    }
}
