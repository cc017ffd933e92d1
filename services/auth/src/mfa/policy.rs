//! Which accounts must have a second factor.

use access::Role;
use clap::ValueEnum;

use crate::accounts::model::User;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RequireMfa {
    /// Every user may choose.
    None,
    /// Administrators without a second factor have the permissions of customers and vendors at most.
    Admins,
}

impl RequireMfa {
    /// Whether this account must have a second factor.
    pub fn concerns(self, user: &User) -> bool {
        match self {
            Self::None => false,
            Self::Admins => {
                let mut roles = user.roles.iter();
                roles.any(|role| role.built_in() == Some(Role::Admin))
            }
        }
    }

    /// Whether this account has no second factor and must have one.
    pub fn lacks(self, user: &User) -> bool {
        self.concerns(user) && !user.mfa_enabled
    }
}
