//! An order's address as it lies in the table. What was kept is read, whatever rules addresses have by now.

use serde::{Deserialize, Serialize};

use crate::{
    infrastructure::postgres::failure::StoreError,
    values::{Country, ShippingAddress, Text},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAddress {
    name: String,
    line1: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line2: Option<String>,
    city: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    postal_code: String,
    country: String,
}

/// What stands for every part of no address, and for its country: the release before reads an address of every order
/// and would fail at a null. No client can send this country.
const NOTHING: &str = "-";
const NOWHERE: &str = "ZZ";

impl StoredAddress {
    pub(crate) fn of(address: Option<&ShippingAddress>) -> Self {
        address.map_or_else(Self::nowhere, |address| Self {
            name: address.name.to_string(),
            line1: address.line1.to_string(),
            line2: address.line2.as_ref().map(ToString::to_string),
            city: address.city.to_string(),
            region: address.region.as_ref().map(ToString::to_string),
            postal_code: address.postal_code.to_string(),
            country: address.country.to_string(),
        })
    }

    pub(crate) fn into_address(self) -> Result<Option<ShippingAddress>, StoreError> {
        if self == Self::nowhere() {
            return Ok(None);
        }
        Ok(Some(ShippingAddress {
            name: Text::stored(self.name),
            line1: Text::stored(self.line1),
            line2: self.line2.map(Text::stored),
            city: Text::stored(self.city),
            region: self.region.map(Text::stored),
            postal_code: Text::stored(self.postal_code),
            country: Country::kept(self.country).map_err(|_| StoreError::Row("country"))?,
        }))
    }

    fn nowhere() -> Self {
        let nothing = || NOTHING.to_owned();
        Self {
            name: nothing(),
            line1: nothing(),
            line2: None,
            city: nothing(),
            region: None,
            postal_code: nothing(),
            country: NOWHERE.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<ShippingAddress> {
        let stored: StoredAddress = serde_json::from_str(json).unwrap();
        stored.into_address().unwrap()
    }

    #[test]
    fn no_address_comes_back_as_none() {
        let nowhere = StoredAddress::of(None);
        assert_eq!(nowhere.into_address().unwrap(), None);
    }

    #[test]
    fn countries_that_are_not_taken_any_more_are_read() {
        for country in ["GB", "UK", "ZZ"] {
            let json = format!(
                r#"{{"name":"Ada","line1":"12 Square","city":"London","postal_code":"SW1Y","country":"{country}"}}"#
            );
            let address = read(&json).unwrap();
            assert_eq!(address.country.to_string(), country);
            let again = StoredAddress::of(Some(&address));
            assert_eq!(serde_json::to_string(&again).unwrap(), json);
        }
    }
}
