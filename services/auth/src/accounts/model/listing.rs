//! Lists of users: which are listed, and along which index they are read.

use serde::{Deserialize, Serialize};

use super::{Period, Status, User, UserId};
use crate::roles::model::RoleName;

/// Which users are listed. Deleted accounts are listed only where that status is asked for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct UserFilter {
    /// What one of the user's terms begins with, as the database writes terms (`migrations/0010_user_search.sql`).
    pub prefix: Option<String>,
    pub role: Option<RoleName>,
    pub status: Option<Status>,
    pub created: Period,
}

/// The index that a list is read along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk<'a> {
    /// The terms with this beginning, in their order. The others are read newest user first.
    Terms(&'a str),
    Role(&'a RoleName),
    Status(Status),
    All,
}

/// The place of a user in a list: the id, and in a search the term that the user was found by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub term: Option<String>,
    pub user: UserId,
}

impl UserFilter {
    pub fn walk(&self) -> Walk<'_> {
        match (&self.prefix, &self.role, self.status) {
            (Some(prefix), _, _) => Walk::Terms(prefix),
            // Most accounts are active, so that the role rejects more of them; the other statuses are rare.
            (None, Some(role), None | Some(Status::Active)) => Walk::Role(role),
            (None, _, Some(status)) => Walk::Status(status),
            (None, None, None) => Walk::All,
        }
    }

    /// Whether the list has a user who was found along its index.
    pub fn admits(&self, user: &User) -> bool {
        let status = match self.status {
            Some(status) => user.status == status,
            None => user.status != Status::Deleted,
        };
        let role = self.role.as_ref();
        let role = role.is_none_or(|role| user.roles.contains(role));
        status && role && self.created.contains(user.created_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarest_filter_decides_which_index_is_read() {
        let role = |name: &str| RoleName::stored(name.to_owned());
        let filter = |prefix: Option<&str>, role, status| UserFilter {
            prefix: prefix.map(ToOwned::to_owned),
            role,
            status,
            created: Period::default(),
        };
        let (admin, customer) = (role("admin"), role("customer"));
        let (active, suspended) = (Some(Status::Active), Some(Status::Suspended));
        for (filter, walk) in [
            (filter(None, None, None), Walk::All),
            (
                filter(Some("a"), Some(admin.clone()), active),
                Walk::Terms("a"),
            ),
            (filter(None, Some(admin.clone()), None), Walk::Role(&admin)),
            (
                filter(None, Some(admin.clone()), active),
                Walk::Role(&admin),
            ),
            (
                filter(None, Some(customer), suspended),
                Walk::Status(Status::Suspended),
            ),
            (filter(None, None, active), Walk::Status(Status::Active)),
        ] {
            assert_eq!(filter.walk(), walk);
        }
    }
}
