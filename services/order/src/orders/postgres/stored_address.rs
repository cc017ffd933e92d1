//! An order's address as it lies in the table. What was kept is read, whatever rules addresses have by now.

use std::borrow::Cow;

use db::readable::Unreadable;
use serde::{Deserialize, Serialize};

use crate::values::{Country, ShippingAddress, Text};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAddress<'a> {
    name: Cow<'a, str>,
    line1: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line2: Option<Cow<'a, str>>,
    city: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Cow<'a, str>>,
    postal_code: Cow<'a, str>,
    country: Cow<'a, str>,
}

/// What stands for every part of no address, and for its country: the release before reads an address of every order
/// and would fail at a null. No client can send this country.
const NOTHING: Cow<'_, str> = Cow::Borrowed("-");
const NOWHERE: StoredAddress<'_> = StoredAddress {
    name: NOTHING,
    line1: NOTHING,
    line2: None,
    city: NOTHING,
    region: None,
    postal_code: NOTHING,
    country: Cow::Borrowed("ZZ"),
};

impl<'a> StoredAddress<'a> {
    pub(crate) fn of(address: Option<&'a ShippingAddress>) -> Self {
        address.map_or(NOWHERE, |address| Self {
            name: address.name.as_str().into(),
            line1: address.line1.as_str().into(),
            line2: address.line2.as_ref().map(|line| line.as_str().into()),
            city: address.city.as_str().into(),
            region: address.region.as_ref().map(|name| name.as_str().into()),
            postal_code: address.postal_code.as_str().into(),
            country: address.country.as_str().into(),
        })
    }

    pub(crate) fn into_address(self) -> Result<Option<ShippingAddress>, Unreadable> {
        if self == NOWHERE {
            return Ok(None);
        }
        let country = Country::kept(self.country.into_owned());
        Ok(Some(ShippingAddress {
            name: Text::stored(self.name),
            line1: Text::stored(self.line1),
            line2: self.line2.map(Text::stored),
            city: Text::stored(self.city),
            region: self.region.map(Text::stored),
            postal_code: Text::stored(self.postal_code),
            country: country.map_err(|_| Unreadable("country".into()))?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<ShippingAddress> {
        let stored: StoredAddress<'_> = serde_json::from_str(json).unwrap();
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
