//! What a key is for, in its owner's words.

use serde::Deserialize;
use text::is_hidden;

const MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyName(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must be 1 to {MAX} characters on one line, without control, zero-width or direction characters"
)]
pub struct KeyNameError;

impl KeyName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyName {
    type Error = KeyNameError;

    fn try_from(text: String) -> Result<Self, KeyNameError> {
        let text = text.trim();
        if (1..=MAX).contains(&text.chars().count()) && !text.contains(is_hidden) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyNameError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_1_to_100_characters() {
        let name = |text: &str| KeyName::try_from(text.to_owned());
        assert_eq!(name(" Lager-Import ö ").unwrap().as_str(), "Lager-Import ö");
        assert!(name(&"ö".repeat(100)).is_ok());
        for text in ["", "  ", &"ö".repeat(101), "a\nb", "a\u{0}", "a\u{202E}b"] {
            assert_eq!(name(text), Err(KeyNameError), "{text:?}");
        }
    }
}
