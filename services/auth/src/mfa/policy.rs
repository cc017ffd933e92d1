//! Which accounts must have a second factor.

use access::Permissions;
use clap::ValueEnum;

use crate::accounts::model::User;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RequireMfa {
    /// Every user may choose.
    None,
    /// Administrators, and users of a custom role with power over what belongs to others, have the permissions of customers
    /// and vendors at most while they lack a second factor.
    Admins,
}

impl RequireMfa {
    /// Whether this account must have a second factor.
    pub fn concerns(self, user: &User) -> bool {
        match self {
            Self::None => false,
            // A custom role may permit as much as the role admin does.
            Self::Admins => user.permissions.over_others() != Permissions::NONE,
        }
    }

    /// Whether this account has no second factor and must have one.
    pub fn lacks(self, user: &User) -> bool {
        self.concerns(user) && !user.mfa_enabled
    }
}
