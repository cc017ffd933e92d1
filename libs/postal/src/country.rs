//! Countries by their codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A country of ISO 3166-1 by its two letters; upper-cased on input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Country(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a country must be a two-letter ISO 3166-1 code such as GB")]
pub struct CountryError;

impl Country {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One that was accepted before, perhaps under other rules.
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

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
