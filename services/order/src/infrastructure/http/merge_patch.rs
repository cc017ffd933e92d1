//! Members of a merge patch (RFC 7396) as serde reads them: absent is one thing, null another.

use serde::{Deserialize, Deserializer};

pub use web::json::present;

use crate::values::Removable;

/// A member that is there: null takes away, and so does a blank, as forms send it.
pub fn removable<'de, T, D>(deserializer: D) -> Result<Option<Removable<T>>, D::Error>
where
    T: TryFrom<String, Error: ToString>,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(Some(Removable::Removed));
    };
    T::try_from(text)
        .map(|value| Some(Removable::Set(value)))
        .map_err(|error| serde::de::Error::custom(error.to_string()))
}
