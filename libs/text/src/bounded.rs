//! Text that a person wrote: trimmed, not empty, bounded, and without hidden characters.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::is_hidden;

/// One line of 1 to `MAX` characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MAX: usize>(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TextError {
    #[error("must not be empty")]
    Empty,
    #[error("must be at most {max} characters")]
    TooLong { max: usize },
    #[error("must not contain control, zero-width or direction characters")]
    HiddenCharacter,
}

impl<const MAX: usize> Text<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database holds, which may have been accepted under earlier rules.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        bounded(&text, MAX, is_hidden).map(Self)
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The trimmed text, if it keeps the rules.
pub fn bounded(
    text: &str,
    max: usize,
    refused: impl Fn(char) -> bool,
) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        Err(TextError::Empty)
    } else if text.chars().count() > max {
        Err(TextError::TooLong { max })
    } else if text.chars().any(refused) {
        Err(TextError::HiddenCharacter)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<String, TextError> {
        Text::<5>::try_from(text.to_owned()).map(|text| text.0)
    }

    #[test]
    fn text_is_trimmed_and_bounded_in_characters() {
        assert_eq!(of("  ab "), Ok("ab".to_owned()));
        assert_eq!(of("äöüßé"), Ok("äöüßé".to_owned()));
        assert_eq!(of("  "), Err(TextError::Empty));
        assert_eq!(of("abcdef"), Err(TextError::TooLong { max: 5 }));
        for hidden in ["a\nb", "a\u{202E}b", "a\u{200B}b", "a\u{200D}b"] {
            assert_eq!(of(hidden), Err(TextError::HiddenCharacter), "{hidden:?}");
        }
    }
}
