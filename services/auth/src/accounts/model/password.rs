//! Passwords in plain text, for as long as a request lasts. Neither type implements `Debug`.

use serde::Deserialize;

/// A longer password would only cost hashing time.
const MAX_CHARACTERS: usize = 128;
const MIN_CHARACTERS: usize = 8;

/// A password that a user chooses.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(String);

/// A password that a client presents: it may have been chosen under earlier rules.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PresentedPassword(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a password of {min} to {MAX_CHARACTERS} characters")]
pub struct PasswordError {
    min: usize,
}

impl Password {
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_the_same_as(&self, presented: &PresentedPassword) -> bool {
        self.0 == presented.0
    }
}

impl PresentedPassword {
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl TryFrom<String> for Password {
    type Error = PasswordError;

    fn try_from(text: String) -> Result<Self, PasswordError> {
        checked(text, MIN_CHARACTERS).map(Self)
    }
}

impl TryFrom<String> for PresentedPassword {
    type Error = PasswordError;

    fn try_from(text: String) -> Result<Self, PasswordError> {
        checked(text, 1).map(Self)
    }
}

fn checked(text: String, min: usize) -> Result<String, PasswordError> {
    if (min..=MAX_CHARACTERS).contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(PasswordError { min })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_count_and_not_bytes() {
        assert!(Password::try_from("ö".repeat(8)).is_ok());
        assert!(Password::try_from("ö".repeat(128)).is_ok());
        assert!(Password::try_from("ö".repeat(7)).is_err());
        assert!(Password::try_from("a".repeat(129)).is_err());
    }
}
