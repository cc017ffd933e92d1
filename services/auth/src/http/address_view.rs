//! An address of a user's book, as clients see it. The parts that an order's shipping address has as well have the same names
//! and limits.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::addresses::model::{Address, AddressId, Phone};
use text::Text;

#[derive(Serialize, ToSchema)]
#[schema(as = Address, example = json!({
    "id": "adr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "name": "Ada Lovelace", "line1": "12 St James's Square",
    "city": "London", "postal_code": "SW1Y 4JH", "country": "GB", "phone": "+44 20 7946 0958", "default_shipping": true,
    "default_billing": true, "created_at": "2026-11-21T08:30:00Z", "updated_at": "2026-11-21T08:30:00Z",
}))]
pub(crate) struct AddressView {
    id: AddressId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    company: Option<String>,
    line1: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    line2: Option<String>,
    city: String,
    /// State, province, prefecture or island.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    phone: Option<String>,
    default_shipping: bool,
    default_billing: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Address> for AddressView {
    fn from(address: Address) -> Self {
        let parts = address.postal.into_parts();
        let optional = |text: Option<Text<200>>| text.map(|text| text.to_string());
        Self {
            id: address.id,
            name: parts.name.to_string(),
            company: optional(parts.company),
            line1: parts.line1.to_string(),
            line2: optional(parts.line2),
            city: parts.city.to_string(),
            region: parts.region.map(|text| text.to_string()),
            postal_code: parts.postal_code.map(|text| text.to_string()),
            country: parts.country.to_string(),
            phone: parts.phone.as_ref().map(Phone::as_str).map(str::to_owned),
            default_shipping: address.defaults.shipping,
            default_billing: address.defaults.billing,
            created_at: address.created_at,
            updated_at: address.updated_at,
        }
    }
}
