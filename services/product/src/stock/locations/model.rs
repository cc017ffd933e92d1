//! Places where units are stored.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::products::model::{Name, is_hyphenated};

const MAX_LENGTH: usize = 32;

/// 1 to 32 lower-case letters and digits, in words joined by hyphens.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema,
)]
#[serde(try_from = "String")]
#[sqlx(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 32, example = "berlin-1")]
pub struct LocationCode(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a location must be 1 to 32 lower-case letters and digits, in words joined by hyphens")]
pub struct LocationCodeError;

impl LocationCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LocationCode {
    type Error = LocationCodeError;

    fn try_from(text: String) -> Result<Self, LocationCodeError> {
        if text.len() <= MAX_LENGTH && is_hyphenated(&text) {
            Ok(Self(text))
        } else {
            Err(LocationCodeError)
        }
    }
}

impl fmt::Display for LocationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "berlin-1", "name": "Berlin, Hall 1", "priority": 10, "created_at": "2026-11-21T08:00:00Z",
}))]
pub struct Location {
    pub code: LocationCode,
    #[schema(value_type = String)]
    pub name: Name,
    /// Orders are filled from the location with the lowest priority first.
    pub priority: i16,
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words_joined_by_hyphens() {
        for good in ["main", "berlin-1", "7"] {
            assert!(LocationCode::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "-", "a--b", "Main", "ä", "a b", "a_b", &"x".repeat(33)] {
            assert_eq!(
                LocationCode::try_from(bad.to_owned()),
                Err(LocationCodeError),
                "{bad}"
            );
        }
    }
}
