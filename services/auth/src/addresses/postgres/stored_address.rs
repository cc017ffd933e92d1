//! An address as the database stores it, possibly accepted under earlier rules.

use std::error::Error;

use chrono::{DateTime, Utc};
use postal::Country;
use text::Text;
use uuid::Uuid;

use crate::addresses::model::{Address, AddressId, Defaults, Parts, Phone, PostalAddress};

/// A row of `addresses`.
pub(super) struct StoredAddress {
    pub id: Uuid,
    pub name: String,
    pub company: Option<String>,
    pub line1: String,
    pub line2: Option<String>,
    pub city: String,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: String,
    pub phone: Option<String>,
    pub default_shipping: bool,
    pub default_billing: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<StoredAddress> for Address {
    type Error = Box<dyn Error + Send + Sync>;

    fn try_from(row: StoredAddress) -> Result<Self, Self::Error> {
        Ok(Self {
            id: AddressId(row.id),
            postal: PostalAddress::stored(Parts {
                name: Text::stored(row.name),
                company: row.company.map(Text::stored),
                line1: Text::stored(row.line1),
                line2: row.line2.map(Text::stored),
                city: Text::stored(row.city),
                region: row.region.map(Text::stored),
                postal_code: row.postal_code.map(Text::stored),
                country: Country::kept(row.country)?,
                phone: row.phone.map(Phone::stored),
            }),
            defaults: Defaults {
                shipping: row.default_shipping,
                billing: row.default_billing,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
