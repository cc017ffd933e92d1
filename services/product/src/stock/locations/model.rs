//! Places where units are.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::products::model::Name;

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
    /// Where units are by default.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LocationCode {
    type Error = LocationCodeError;

    fn try_from(text: String) -> Result<Self, LocationCodeError> {
        let word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.len() <= MAX_LENGTH && text.split('-').all(word) {
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

#[derive(Clone, Debug)]
pub struct NewLocation {
    pub code: LocationCode,
    pub name: Name,
    pub priority: i16,
}

#[derive(Clone, Debug)]
pub struct Location {
    pub code: LocationCode,
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
