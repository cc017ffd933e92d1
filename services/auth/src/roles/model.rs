//! A role, and what may be done to it and with it.

mod definition;
mod held;
mod role_name;
#[cfg(test)]
mod testing;

use access::{Caller, Grant, Permissions, Role};

pub use self::{
    definition::{ChangeRefused, Definition, RoleChange, RoleDescription, StoredRole},
    held::{AssignRefused, HeldRoles, RemoveRefused},
    role_name::RoleName,
};
use crate::accounts::model::{SessionId, UserId};

/// Custom roles of a shop.
pub const MOST_CUSTOM_ROLES: i64 = 200;
/// Holders of a custom role: a change of its permissions ends the tokens of all of them in one transaction.
pub const MOST_HOLDERS: i64 = 10_000;
/// Roles of a user: each is named in the user's tokens.
pub const MOST_ROLES_OF_A_USER: usize = 10;

/// Who changes roles, by which session or API key, and what they hold themselves.
#[derive(Clone, Copy, Debug)]
pub struct Grantor {
    pub user: UserId,
    pub session: SessionId,
    pub permissions: Permissions,
}

impl From<&Caller> for Grantor {
    fn from(caller: &Caller) -> Self {
        Self {
            user: UserId(caller.id),
            session: SessionId(caller.session),
            permissions: caller.permissions,
        }
    }
}

/// A permission that is not the grantor's to grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the grantor does not hold the permission {0}")]
pub struct NotHeld(pub Grant);

impl Grantor {
    /// Grants no more than the grantor holds; what was granted before by others may stay.
    fn grants(&self, wanted: Permissions, before: Permissions) -> Result<(), NotHeld> {
        let allowed = self.permissions.grantable().union(before);
        wanted
            .beyond(allowed)
            .map_or(Ok(()), |grant| Err(NotHeld(grant)))
    }
}

/// The permissions of a user with these roles, of which the custom ones store these.
pub fn permissions_of(roles: &[String], stored: &[String]) -> Permissions {
    let built_in = roles.iter().filter_map(|name| Role::built_in(name));
    let stored = stored.iter().map(String::as_str);
    Permissions::of_roles(built_in).union(Permissions::known(stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_permissions_of_all_roles() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let of = |roles: &[&str], stored: &[&str]| permissions_of(&names(roles), &names(stored));
        assert_eq!(of(&["vendor"], &[]), Permissions::of_role(Role::Vendor));
        let both = of(&["customer", "support"], &["orders:read", "not:known"]);
        assert_eq!(both.beyond(of(&["customer"], &["orders:read"])), None);
        assert_eq!(
            of(&["support"], &["orders:read"]).to_string(),
            "orders:read"
        );
        // The name of a custom role, as registration spells the built-in one.
        assert_eq!(of(&["seller"], &[]), Permissions::NONE);
    }
}
