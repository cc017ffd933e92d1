//! What is written on a letter. The names and limits of its parts are those of an order's shipping address.

use postal::{Country, Flaw};
use text::Text;

use super::{PartsChange, Phone};

#[derive(Clone, PartialEq, Eq)]
pub struct Parts {
    pub name: Text<200>,
    pub company: Option<Text<200>>,
    pub line1: Text<200>,
    pub line2: Option<Text<200>>,
    pub city: Text<100>,
    pub region: Option<Text<100>>,
    pub postal_code: Option<Text<20>>,
    pub country: Country,
    pub phone: Option<Phone>,
}

/// Parts that suffice in their country.
#[derive(Clone, PartialEq, Eq)]
pub struct PostalAddress(Parts);

/// What parts lack in their country; at least one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the parts of the address are not sufficient in its country")]
pub struct Flaws(pub Vec<Flaw>);

impl PostalAddress {
    /// An address from the database, which may have been accepted under earlier rules.
    pub fn stored(parts: Parts) -> Self {
        Self(parts)
    }

    pub fn parts(&self) -> &Parts {
        &self.0
    }

    pub fn into_parts(self) -> Parts {
        self.0
    }

    /// The address after a change. One that the change leaves as it is stays valid, whatever the rules are now.
    pub fn changed(self, change: PartsChange) -> Result<Self, Flaws> {
        let parts = change.apply(self.0.clone());
        if parts == self.0 {
            Ok(self)
        } else {
            parts.try_into()
        }
    }
}

impl TryFrom<Parts> for PostalAddress {
    type Error = Flaws;

    fn try_from(parts: Parts) -> Result<Self, Flaws> {
        let region = parts.region.as_ref().map(Text::as_str);
        let postal_code = parts.postal_code.as_ref().map(Text::as_str);
        let flaws = parts.country.flaws(region, postal_code);
        if flaws.is_empty() {
            Ok(Self(parts))
        } else {
            Err(Flaws(flaws))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addresses::model::Removable;

    fn text<const MAX: usize>(text: &str) -> Text<MAX> {
        Text::try_from(text.to_owned()).unwrap()
    }

    fn parts(country: &str, postal_code: Option<&str>) -> Parts {
        Parts {
            name: text("Ann"),
            company: None,
            line1: text("1 High Street"),
            line2: None,
            city: text("Town"),
            region: None,
            postal_code: postal_code.map(text),
            country: Country::try_from(country.to_owned()).unwrap(),
            phone: None,
        }
    }

    #[test]
    fn what_is_needed_depends_on_the_country() {
        assert!(PostalAddress::try_from(parts("AE", None)).is_ok());
        assert!(PostalAddress::try_from(parts("DE", Some("10115"))).is_ok());
        let flaws = PostalAddress::try_from(parts("US", None)).err().unwrap();
        assert_eq!(flaws.0.len(), 2);
    }

    #[test]
    fn a_change_is_checked_with_what_it_leaves() {
        let address = PostalAddress::try_from(parts("DE", Some("10115")))
            .ok()
            .unwrap();
        let country = |code: &str| PartsChange {
            country: Some(Country::try_from(code.to_owned()).unwrap()),
            ..PartsChange::default()
        };
        assert!(address.clone().changed(country("FR")).is_ok());
        assert!(address.clone().changed(country("GB")).is_err());
        let without_code = PartsChange {
            postal_code: Some(Removable::Removed),
            ..PartsChange::default()
        };
        assert!(address.changed(without_code).is_err());
    }

    #[test]
    fn an_address_of_earlier_rules_may_stay_as_it_is() {
        let old = PostalAddress::stored(parts("DE", None));
        assert!(old.clone().changed(PartsChange::default()).is_ok());
        let same_city = PartsChange {
            city: Some(text("Town")),
            ..PartsChange::default()
        };
        assert!(old.clone().changed(same_city).is_ok());
        let other_city = PartsChange {
            city: Some(text("City")),
            ..PartsChange::default()
        };
        assert!(old.changed(other_city).is_err());
    }
}
