//! What a role is: its name, and what it permits.

use access::Permissions;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use text::is_hidden;

use super::{Grantor, NotHeld, RoleName};

/// What a role is for, in one line of at most 200 characters, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RoleDescription(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must be at most 200 characters on one line, without control, zero-width or direction characters"
)]
pub struct RoleDescriptionError;

impl RoleDescription {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoleDescription {
    type Error = RoleDescriptionError;

    fn try_from(text: String) -> Result<Self, RoleDescriptionError> {
        let text = text.trim();
        if text.chars().count() <= 200 && !text.contains(is_hidden) {
            Ok(Self(text.to_owned()))
        } else {
            Err(RoleDescriptionError)
        }
    }
}

/// A row of `roles`.
pub struct StoredRole {
    pub name: String,
    pub description: String,
    /// Of a custom role.
    pub permissions: Option<Vec<String>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Definition {
    pub name: RoleName,
    pub description: RoleDescription,
    pub permissions: Permissions,
    /// The version of what a client may edit.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A merge patch of a role; `None` keeps a value.
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    pub description: Option<RoleDescription>,
    pub permissions: Option<Permissions>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    #[error("built-in roles do not change")]
    BuiltIn,
    #[error(transparent)]
    NotHeld(#[from] NotHeld),
}

impl From<StoredRole> for Definition {
    fn from(row: StoredRole) -> Self {
        let name = RoleName::stored(row.name);
        let stored = row.permissions.unwrap_or_default();
        let permissions = match name.built_in() {
            Some(role) => Permissions::of_role(role),
            None => Permissions::known(stored.iter().map(String::as_str)),
        };
        Self {
            name,
            description: RoleDescription(row.description),
            permissions,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Definition {
    pub fn is_built_in(&self) -> bool {
        self.name.built_in().is_some()
    }

    /// What of a change differs from the role; `None`: nothing does.
    pub fn difference(
        &self,
        change: RoleChange,
        by: &Grantor,
    ) -> Result<Option<RoleChange>, ChangeRefused> {
        if self.is_built_in() {
            return Err(ChangeRefused::BuiltIn);
        }
        let RoleChange {
            description,
            permissions,
        } = change;
        let description = description.filter(|description| *description != self.description);
        let permissions = permissions.filter(|permissions| *permissions != self.permissions);
        if let Some(permissions) = permissions {
            by.grants(permissions, self.permissions)?;
        }
        let differs = description.is_some() || permissions.is_some();
        Ok(differs.then_some(RoleChange {
            description,
            permissions,
        }))
    }
}

impl Grantor {
    /// Whether a role with these permissions may be created.
    pub fn may_define(&self, permissions: Permissions) -> Result<(), NotHeld> {
        self.grants(permissions, Permissions::NONE)
    }
}

#[cfg(test)]
mod tests {
    use access::Role;

    use super::*;
    use crate::roles::model::testing::{by, role};

    fn known(scope: &str) -> Permissions {
        Permissions::of_scope(scope)
    }

    fn to(permissions: &str) -> RoleChange {
        RoleChange {
            permissions: Some(known(permissions)),
            ..RoleChange::default()
        }
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let support = role("support", &["orders:read", "not:known"]);
        let admin = by(Permissions::of_role(Role::Admin));
        assert!(
            support
                .difference(to("orders:read"), &admin)
                .unwrap()
                .is_none()
        );
        let same = RoleChange {
            description: Some(support.description.clone()),
            permissions: Some(known("orders:read orders:list")),
        };
        let change = support.difference(same, &admin).unwrap().unwrap();
        assert_eq!(change.description, None);
        assert_eq!(change.permissions, Some(known("orders:read orders:list")));
    }

    #[test]
    fn a_built_in_role_does_not_change() {
        let vendor = role("vendor", &[]);
        assert_eq!(vendor.permissions, Permissions::of_role(Role::Vendor));
        let admin = by(Permissions::of_role(Role::Admin));
        for change in [RoleChange::default(), to("orders:read")] {
            let refused = vendor.difference(change, &admin).unwrap_err();
            assert_eq!(refused, ChangeRefused::BuiltIn);
        }
    }

    #[test]
    fn what_is_added_to_a_role_must_be_the_grantors() {
        let support = role("support", &["orders:read:own", "payments:refund"]);
        let manager = by(known("orders:read:own orders:list roles:write"));
        let refused = |wanted| support.difference(to(wanted), &manager).unwrap_err();
        for (wanted, grant) in [
            (
                "orders:read:own payments:refund payments:capture",
                "payments:capture",
            ),
            ("orders:read payments:refund", "orders:read"),
        ] {
            let missing = ChangeRefused::NotHeld(NotHeld(grant.parse().unwrap()));
            assert_eq!(refused(wanted), missing);
        }
        // What is there may stay, and anything may be taken away.
        for wanted in [
            "orders:read:own payments:refund orders:list",
            "",
            "payments:refund",
        ] {
            assert!(support.difference(to(wanted), &manager).unwrap().is_some());
        }
    }

    #[test]
    fn a_description_is_one_line() {
        let read = |text: &str| RoleDescription::try_from(text.to_owned());
        assert_eq!(read("  Helps. ").unwrap().as_str(), "Helps.");
        assert_eq!(read("").unwrap(), RoleDescription::default());
        for bad in ["a\nb", "a\u{0}", "a\u{202e}b", &"a".repeat(201)] {
            assert_eq!(read(bad), Err(RoleDescriptionError), "{bad}");
        }
    }
}
