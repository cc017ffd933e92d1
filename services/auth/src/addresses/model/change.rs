//! A change of an address: `None` keeps a part.

use postal::Country;
use text::Text;

use super::{Defaults, Parts, Phone};

/// A new value for something that may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removable<T> {
    Set(T),
    Removed,
}

#[derive(Clone, Default)]
pub struct AddressChange {
    pub parts: PartsChange,
    pub default_shipping: Option<bool>,
    pub default_billing: Option<bool>,
}

#[derive(Clone, Default)]
pub struct PartsChange {
    pub name: Option<Text<200>>,
    pub company: Option<Removable<Text<200>>>,
    pub line1: Option<Text<200>>,
    pub line2: Option<Removable<Text<200>>>,
    pub city: Option<Text<100>>,
    pub region: Option<Removable<Text<100>>>,
    pub postal_code: Option<Removable<Text<20>>>,
    pub country: Option<Country>,
    pub phone: Option<Removable<Phone>>,
}

impl PartsChange {
    pub(super) fn apply(self, parts: Parts) -> Parts {
        Parts {
            name: self.name.unwrap_or(parts.name),
            company: removable(self.company, parts.company),
            line1: self.line1.unwrap_or(parts.line1),
            line2: removable(self.line2, parts.line2),
            city: self.city.unwrap_or(parts.city),
            region: removable(self.region, parts.region),
            postal_code: removable(self.postal_code, parts.postal_code),
            country: self.country.unwrap_or(parts.country),
            phone: removable(self.phone, parts.phone),
        }
    }
}

impl AddressChange {
    pub fn defaults(&self, of: Defaults) -> Defaults {
        Defaults {
            shipping: self.default_shipping.unwrap_or(of.shipping),
            billing: self.default_billing.unwrap_or(of.billing),
        }
    }
}

fn removable<T>(change: Option<Removable<T>>, current: Option<T>) -> Option<T> {
    match change {
        None => current,
        Some(Removable::Set(value)) => Some(value),
        Some(Removable::Removed) => None,
    }
}
