//! Texts that may be absent. Forms send a blank text for what was left out.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, de::Error};

/// The value, unless it is null or blank.
pub(crate) fn filled<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<String, Error: Display>,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    let text = text.filter(|text| !text.trim().is_empty());
    text.map(T::try_from).transpose().map_err(Error::custom)
}
