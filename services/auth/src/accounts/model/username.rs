//! A name to log in with and to be displayed: it can be a segment of a URL, and cannot be mistaken for another one.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Username(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UsernameError {
    #[error(
        "expected 3 to 32 characters of a-z, 0-9, dot, hyphen and underscore, starting with a letter or digit"
    )]
    Form,
    #[error("the username is reserved; choose another")]
    Reserved,
}

/// Segments of the API at the place of a user's id, and names that suggest authority.
const RESERVED: [&str; 36] = [
    "abuse",
    "account",
    "activate",
    "addresses",
    "admin",
    "administrator",
    "anonymous",
    "api",
    "api-keys",
    "auth",
    "billing",
    "customer",
    "guest",
    "health",
    "help",
    "info",
    "login",
    "logout",
    "mail",
    "moderator",
    "none",
    "null",
    "postmaster",
    "profile",
    "register",
    "roles",
    "root",
    "security",
    "sessions",
    "settings",
    "support",
    "suspend",
    "system",
    "undefined",
    "users",
    "vendor",
];

impl Username {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A username from the database: a user keeps a name that was reserved later.
    pub fn stored(text: String) -> Result<Self, UsernameError> {
        match text.parse() {
            Err(UsernameError::Reserved) => Ok(Self(text)),
            parsed => parsed,
        }
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    fn from_str(text: &str) -> Result<Self, UsernameError> {
        let name = text.trim().to_ascii_lowercase();
        let formed = (3..=32).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !formed {
            return Err(UsernameError::Form);
        }
        let looks_like_an_id = name.starts_with("usr_") || Uuid::try_parse(&name).is_ok();
        if RESERVED.contains(&name.as_str()) || looks_like_an_id {
            return Err(UsernameError::Reserved);
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for Username {
    type Error = UsernameError;

    fn try_from(text: String) -> Result<Self, UsernameError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_lower_cased() {
        assert_eq!(
            "Ann.B-c_9".parse::<Username>().unwrap().as_str(),
            "ann.b-c_9"
        );
    }

    #[test]
    fn usernames_that_cannot_be_a_url_segment_are_refused() {
        for text in [
            "",
            "ab",
            "-ann",
            "an n",
            "ann@example.com",
            "änn",
            &"a".repeat(33),
        ] {
            assert_eq!(text.parse::<Username>(), Err(UsernameError::Form), "{text}");
        }
    }

    #[test]
    fn reserved_words_and_ids_are_refused() {
        for text in ["Admin", "root", "usr_1", "01932c5e7d2a7c3e9f000242ac120002"] {
            assert_eq!(
                text.parse::<Username>(),
                Err(UsernameError::Reserved),
                "{text}"
            );
        }
    }
}
