//! Where an order goes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Text,
    text::{stored, stored_option},
};

/// Parsed where it comes in; what serde reads is what the database holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingAddress {
    #[serde(deserialize_with = "stored")]
    pub name: Text<200>,
    #[serde(deserialize_with = "stored")]
    pub line1: Text<200>,
    #[serde(
        default,
        deserialize_with = "stored_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub line2: Option<Text<200>>,
    #[serde(deserialize_with = "stored")]
    pub city: Text<100>,
    #[serde(
        default,
        deserialize_with = "stored_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub region: Option<Text<100>>,
    #[serde(deserialize_with = "stored")]
    pub postal_code: Text<20>,
    pub country: Country,
}

/// Two letters, as ISO 3166-1 writes them; upper-cased on input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Country(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a country is two letters, as ISO 3166-1 lists them")]
pub struct CountryError;

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(mut text: String) -> Result<Self, CountryError> {
        text.make_ascii_uppercase();
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
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
    fn a_country_is_two_letters() {
        assert_eq!(
            Country::try_from("de".to_owned()).unwrap().to_string(),
            "DE"
        );
        for text in ["", "D", "DEU", "1A", "Ä"] {
            assert_eq!(
                Country::try_from(text.to_owned()),
                Err(CountryError),
                "{text}"
            );
        }
    }
}
