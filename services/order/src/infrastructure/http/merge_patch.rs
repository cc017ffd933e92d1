//! Merge patches (RFC 7396): their members as serde reads them, where absent is one thing and null another.

use serde::{Deserialize, Deserializer};
use web::conditional::IfMatch;
pub use web::json::present;

use crate::values::{Precondition, Removable};

/// A member that is present: null removes the value, and so does a blank text, as forms send it.
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

/// The versions that the writer of a patch has read.
impl From<IfMatch> for Precondition {
    fn from(if_match: IfMatch) -> Self {
        match if_match {
            IfMatch::Any => Self::Any,
            IfMatch::Versions(versions) => Self::OneOf(versions),
        }
    }
}
