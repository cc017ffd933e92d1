//! The roles of one user.

use super::{Definition, Grantor, MOST_HOLDERS, MOST_ROLES_OF_A_USER, NotHeld, RoleName};

/// The roles of a user, as the locked row has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRoles(pub Vec<RoleName>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssignRefused {
    #[error(transparent)]
    NotHeld(#[from] NotHeld),
    #[error("the user has {MOST_ROLES_OF_A_USER} roles")]
    TooManyRoles,
    #[error("the role has {MOST_HOLDERS} holders")]
    TooManyHolders,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveRefused {
    #[error("the user does not have the role")]
    NotHeld,
    #[error("the user has no other role")]
    LastRole,
}

impl HeldRoles {
    /// The roles with one more; `None`: the user has it already. `holders` is how many others have a custom role.
    pub fn assigned(
        &self,
        role: &Definition,
        holders: i64,
        by: &Grantor,
    ) -> Result<Option<Self>, AssignRefused> {
        by.may_define(role.permissions)?;
        if self.0.contains(&role.name) {
            return Ok(None);
        }
        if self.0.len() >= MOST_ROLES_OF_A_USER {
            return Err(AssignRefused::TooManyRoles);
        }
        if !role.is_built_in() && holders >= MOST_HOLDERS {
            return Err(AssignRefused::TooManyHolders);
        }
        let mut roles = self.0.clone();
        roles.push(role.name.clone());
        Ok(Some(Self(roles)))
    }

    /// The roles without one.
    pub fn without(&self, role: &RoleName) -> Result<Self, RemoveRefused> {
        let roles: Vec<_> = self
            .0
            .iter()
            .filter(|held| *held != role)
            .cloned()
            .collect();
        if roles.len() == self.0.len() {
            return Err(RemoveRefused::NotHeld);
        }
        if roles.is_empty() {
            return Err(RemoveRefused::LastRole);
        }
        Ok(Self(roles))
    }
}

#[cfg(test)]
mod tests {
    use access::{Permissions, Role};

    use super::*;
    use crate::roles::model::testing::{by, role};

    fn held(names: &[&str]) -> HeldRoles {
        let names = names
            .iter()
            .map(|name| RoleName::stored((*name).to_owned()));
        HeldRoles(names.collect())
    }

    fn admin() -> Grantor {
        by(Permissions::of_role(Role::Admin))
    }

    #[test]
    fn a_role_is_assigned_once() {
        let customer = held(&["customer"]);
        let both = customer
            .assigned(&role("vendor", &[]), 0, &admin())
            .unwrap();
        assert_eq!(both, Some(held(&["customer", "vendor"])));
        let again = customer.assigned(&role("customer", &[]), 0, &admin());
        assert_eq!(again, Ok(None));
    }

    #[test]
    fn only_what_the_grantor_holds_is_assigned() {
        let manager = by(Permissions::of_scope("users:assign_roles orders:read"));
        let customer = held(&["customer"]);
        let assigned = |role: &Definition| customer.assigned(role, 0, &manager);
        assert!(
            assigned(&role("reader", &["orders:read"]))
                .unwrap()
                .is_some()
        );
        for (role, missing) in [
            (
                role("support", &["orders:read", "payments:refund"]),
                "payments:refund",
            ),
            (role("vendor", &[]), "orders:set_status:own"),
            // Also where the user has it already: the answer tells nothing about them.
            (role("customer", &[]), "orders:create:own"),
        ] {
            let missing = NotHeld(missing.parse().unwrap());
            assert_eq!(assigned(&role), Err(AssignRefused::NotHeld(missing)));
        }
    }

    #[test]
    fn users_have_few_roles_and_custom_roles_have_bounded_holders() {
        let names: Vec<String> = (0..MOST_ROLES_OF_A_USER)
            .map(|n| format!("role-{n}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (custom, built_in) = (role("support", &[]), role("customer", &[]));
        let full = held(&names).assigned(&custom, 0, &admin());
        assert_eq!(full, Err(AssignRefused::TooManyRoles));
        assert!(held(&names[1..]).assigned(&custom, 0, &admin()).is_ok());
        let one = held(&["vendor"]);
        let many = one.assigned(&custom, MOST_HOLDERS, &admin());
        assert_eq!(many, Err(AssignRefused::TooManyHolders));
        assert!(one.assigned(&custom, MOST_HOLDERS - 1, &admin()).is_ok());
        assert!(one.assigned(&built_in, MOST_HOLDERS, &admin()).is_ok());
    }

    #[test]
    fn a_user_keeps_at_least_one_role() {
        let both = held(&["customer", "vendor"]);
        let vendor = RoleName::stored("vendor".to_owned());
        assert_eq!(both.without(&vendor), Ok(held(&["customer"])));
        let one = held(&["vendor"]);
        assert_eq!(one.without(&vendor), Err(RemoveRefused::LastRole));
        assert_eq!(
            held(&["customer"]).without(&vendor),
            Err(RemoveRefused::NotHeld)
        );
    }
}
