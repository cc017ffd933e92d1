//! A person's name, as the person writes it.

use serde::{Deserialize, Serialize};
use text::is_hidden;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct FullName(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must be 1 to 200 characters on one line, without control, zero-width or direction characters"
)]
pub struct FullNameError;

impl FullName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name from the database, which may have been accepted under earlier rules.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

impl TryFrom<String> for FullName {
    type Error = FullNameError;

    fn try_from(text: String) -> Result<Self, FullNameError> {
        let text = text.trim();
        if (1..=200).contains(&text.chars().count()) && !text.contains(is_hidden) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FullNameError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_1_to_200_characters() {
        assert_eq!(
            FullName::try_from(" Ann Ö ".to_owned()).unwrap().as_str(),
            "Ann Ö"
        );
        assert!(FullName::try_from("ö".repeat(200)).is_ok());
        for text in [
            String::new(),
            "  ".into(),
            "ö".repeat(201),
            "Ann\nB".into(),
            "Ann\u{202E}B".into(),
            "Ann\u{200B}B".into(),
        ] {
            assert_eq!(FullName::try_from(text), Err(FullNameError));
        }
    }
}
