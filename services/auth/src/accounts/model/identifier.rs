//! The name that a user logs in with: an e-mail address or a username. Its form is not checked, since a malformed one matches
//! no account.

use serde::Deserialize;

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Identifier(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an e-mail address or a username, of 1 to 254 characters")]
pub struct IdentifierError;

impl Identifier {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every e-mail address contains an `@`, and no username does.
    pub fn is_email(&self) -> bool {
        self.0.contains('@')
    }
}

impl TryFrom<String> for Identifier {
    type Error = IdentifierError;

    fn try_from(text: String) -> Result<Self, IdentifierError> {
        let text = text.trim_ascii();
        if (1..=254).contains(&text.chars().count()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(IdentifierError)
        }
    }
}
