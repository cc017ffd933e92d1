//! What a token grants at the time at which it is signed.

use access::{Permissions, Role};

use crate::{
    accounts::model::{Status, User},
    mfa::policy::RequireMfa,
    roles::model::RoleName,
};

/// The roles of a user that take effect, and their permissions.
pub(crate) struct Granted {
    pub(crate) roles: Vec<RoleName>,
    pub(crate) permissions: Permissions,
}

/// Nothing before an account is approved. An account that lacks the second factor which the shop requires of it has the roles
/// customer and vendor at most: neither admin nor a custom role, which may have permissions of administrators.
pub(crate) fn granted_to(user: &User, require_mfa: RequireMfa) -> Granted {
    match user.status {
        Status::Active => {}
        Status::Pending | Status::Suspended | Status::Deleted => {
            return Granted {
                roles: Vec::new(),
                permissions: Permissions::NONE,
            };
        }
    }
    if !require_mfa.lacks(user) {
        return Granted {
            roles: user.roles.clone(),
            permissions: user.permissions,
        };
    }
    let built_in = user.roles.iter().filter_map(RoleName::built_in);
    let harmless: Vec<Role> = built_in
        .filter(|role| match role {
            Role::Customer | Role::Vendor => true,
            Role::Admin => false,
        })
        .collect();
    Granted {
        permissions: Permissions::of_roles(harmless.iter().copied()),
        roles: harmless.into_iter().map(name).collect(),
    }
}

fn name(role: Role) -> RoleName {
    RoleName::stored(role.into_str().to_owned())
}

#[cfg(test)]
mod tests {
    use access::permissions::{orders, payments, products};
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::{
        accounts::model::{FullName, UserId},
        roles::model::permissions_of,
    };

    /// A user who has a custom role beside these.
    fn user(roles: &[&str], status: Status, mfa_enabled: bool) -> User {
        let roles: Vec<String> = [roles, &["cashier"]]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect();
        User {
            id: UserId(Uuid::from_u128(1)),
            email: "ann@example.com".parse().unwrap(),
            email_verified: true,
            username: None,
            full_name: FullName::stored("Ann".to_owned()),
            permissions: permissions_of(&roles, &["payments:refund".to_owned()]),
            roles: roles.into_iter().map(RoleName::stored).collect(),
            status,
            version: 1,
            token_epoch: 0,
            mfa_enabled,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn names(granted: &Granted) -> Vec<&str> {
        granted.roles.iter().map(RoleName::as_str).collect()
    }

    #[test]
    fn an_active_account_has_all_of_its_roles() {
        for mfa_enabled in [false, true] {
            let user = user(&["customer", "admin"], Status::Active, mfa_enabled);
            let granted = granted_to(&user, RequireMfa::None);
            assert_eq!(names(&granted), ["customer", "admin", "cashier"]);
            assert_eq!(granted.permissions, user.permissions);
        }
    }

    #[test]
    fn an_administrator_without_a_required_factor_is_a_customer_or_vendor_at_most() {
        let granted = |roles: &[&str], mfa_enabled| {
            let user = user(roles, Status::Active, mfa_enabled);
            granted_to(&user, RequireMfa::Admins)
        };
        let without = granted(&["customer", "vendor", "admin"], false);
        assert_eq!(names(&without), ["customer", "vendor"]);
        assert!(without.permissions.may::<orders::Create>());
        assert!(without.permissions.may::<products::Write>());
        assert!(!without.permissions.may::<payments::Refund>());
        let with = granted(&["admin"], true);
        assert_eq!(names(&with), ["admin", "cashier"]);
        assert!(with.permissions.may::<payments::Refund>());
        assert_eq!(granted(&["admin"], false).permissions, Permissions::NONE);
    }

    #[test]
    fn a_custom_role_with_power_over_others_needs_a_factor_as_admins_do() {
        let user = user(&["vendor"], Status::Active, false);
        let granted = granted_to(&user, RequireMfa::Admins);
        assert_eq!(names(&granted), ["vendor"]);
        assert!(!granted.permissions.may::<payments::Refund>());
    }

    #[test]
    fn other_accounts_need_no_factor() {
        let mut user = user(&["vendor"], Status::Active, false);
        user.permissions = Permissions::of_role(Role::Vendor);
        let granted = granted_to(&user, RequireMfa::Admins);
        assert_eq!(names(&granted), ["vendor", "cashier"]);
    }

    #[test]
    fn an_account_that_is_not_active_has_no_role() {
        for status in [Status::Pending, Status::Suspended, Status::Deleted] {
            let user = user(&["vendor", "admin"], status, true);
            let granted = granted_to(&user, RequireMfa::None);
            assert!(granted.roles.is_empty(), "{status:?}");
            assert_eq!(granted.permissions, Permissions::NONE, "{status:?}");
        }
    }
}
