//! Where an order goes.

use postal::Country;
use serde::Serialize;

use super::Text;

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
