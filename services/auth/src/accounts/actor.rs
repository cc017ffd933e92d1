//! A caller who changes accounts of others.

use access::{Caller, Grant, Permissions};
use serde_json::Value;

use super::model::{SessionId, User, UserId};
use crate::{
    app::App,
    audit::{Action, Entry, model::EntryId},
};

#[derive(Clone, Copy, Debug)]
pub struct Actor {
    pub id: UserId,
    pub session: SessionId,
    permissions: Permissions,
}

/// The user may do what the actor may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user holds the permission {0}, which the actor does not")]
pub struct Outranked(pub Grant);

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self {
            id: UserId(caller.id),
            session: SessionId(caller.session),
            permissions: caller.permissions,
        }
    }
}

impl Actor {
    /// A change can lock a user out. Those whose permissions reach what belongs to others, such as admins, are changed only
    /// by callers who hold these permissions as well.
    pub fn may_change(self, user: &User) -> Result<(), Outranked> {
        self.ranks_with(user.permissions)
    }

    fn ranks_with(self, permissions: Permissions) -> Result<(), Outranked> {
        let beyond = permissions.over_others().beyond(self.permissions);
        beyond.map_or(Ok(()), |grant| Err(Outranked(grant)))
    }

    /// The entry of the audit log for a change of this user.
    pub(crate) fn entry(self, app: &App, action: Action, user: UserId, data: Value) -> Entry {
        Entry {
            id: EntryId(app.ids.uuid()),
            actor: self.id,
            session: self.session,
            action,
            target: user.to_string(),
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use access::Role;
    use uuid::Uuid;

    use super::*;

    fn with(permissions: Permissions) -> Actor {
        Actor {
            id: UserId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
            permissions,
        }
    }

    #[test]
    fn an_admin_may_change_everyone_and_support_only_those_who_act_for_themselves() {
        let admin = with(Permissions::of_role(Role::Admin));
        let support = with(Permissions::of_scope("users:list users:suspend"));
        for role in Role::ALL {
            assert_eq!(admin.ranks_with(Permissions::of_role(role)), Ok(()));
        }
        for role in [Role::Customer, Role::Vendor] {
            assert_eq!(support.ranks_with(Permissions::of_role(role)), Ok(()));
        }
        assert!(
            support
                .ranks_with(Permissions::of_role(Role::Admin))
                .is_err()
        );
        assert_eq!(support.ranks_with(support.permissions), Ok(()));
        let refunds = Permissions::of_scope("users:list payments:refund");
        let refused = support.ranks_with(refunds).unwrap_err();
        assert_eq!(refused.0.to_string(), "payments:refund");
    }
}
