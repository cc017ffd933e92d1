//! The name of a role: a segment of a path, and a word in tokens.

use std::fmt;

use access::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{1,31}$", example = "support")]
pub struct RoleName(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected 2 to 32 characters of a-z, 0-9, hyphen and underscore, starting with a letter")]
pub struct RoleNameError;

impl RoleName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name from the database.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The built-in role of this name.
    pub fn built_in(&self) -> Option<Role> {
        Role::built_in(&self.0)
    }

    /// Whether it means a built-in role at registration, where `seller` is a vendor.
    pub fn means_built_in(&self) -> bool {
        self.0.parse::<Role>().is_ok()
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RoleName {
    type Error = RoleNameError;

    fn try_from(text: String) -> Result<Self, RoleNameError> {
        let may_follow =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        let formed = (2..=32).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(may_follow);
        if formed {
            Ok(Self(text))
        } else {
            Err(RoleNameError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<RoleName, RoleNameError> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_name_is_a_short_word() {
        for good in ["support", "a1", "order-desk_2", &"a".repeat(32)] {
            assert_eq!(name(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a",
            ".",
            "..",
            "1a",
            "-ab",
            "Support",
            "a b",
            "a/b",
            "ab\u{0}",
            "ärger",
            "a.b",
            &"a".repeat(33),
        ] {
            assert_eq!(name(bad), Err(RoleNameError), "{bad}");
        }
    }

    #[test]
    fn names_of_built_in_roles_are_known_with_their_aliases() {
        assert_eq!(name("admin").unwrap().built_in(), Some(Role::Admin));
        assert_eq!(name("seller").unwrap().built_in(), None);
        for taken in ["admin", "seller", "buyer"] {
            assert!(name(taken).unwrap().means_built_in(), "{taken}");
        }
        assert!(!name("support").unwrap().means_built_in());
    }
}
