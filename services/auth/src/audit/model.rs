//! An entry of the audit log, and which entries are listed.

mod action_name;
mod received;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

pub use self::{
    action_name::{ActionName, NotAnAction},
    received::{InvalidEntry, ReceivedEntry, is_target},
};
use crate::accounts::model::{Period, SessionId, UserId};

/// Characters of what an entry names as its target.
pub const MAX_TARGET_LENGTH: usize = 100;

ids::id!(pub EntryId, "aud");

/// What is appended: the user who acted, by which session or API key, and what was done to whom.
pub struct Entry {
    pub id: EntryId,
    pub actor: UserId,
    pub session: SessionId,
    pub action: Action,
    /// The id of a user or of an API key, or the name of a role.
    pub target: String,
    /// Ids and names of fields; no personal data.
    pub data: Value,
}

/// An entry that was appended.
#[derive(Clone, Debug)]
pub struct PastEntry {
    pub id: EntryId,
    /// A [`Service`], or one that a newer release knows.
    pub service: String,
    pub occurred_at: DateTime<Utc>,
    pub actor: UserId,
    pub session: SessionId,
    /// An [`Action`], one of another service, or one that a newer release knows.
    pub action: String,
    pub target: String,
    pub data: Value,
}

/// Which entries are listed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EntryFilter {
    pub actor: Option<UserId>,
    pub target: Option<String>,
    pub action: Option<ActionName>,
    pub service: Option<Service>,
    pub occurred: Period,
}

/// The index that a list is read along, newest entry first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk<'a> {
    Target(&'a str),
    Actor(UserId),
    Action(&'a ActionName),
    Service(Service),
    All,
}

impl EntryFilter {
    /// A target has few entries, an admin has more, most entries are of a few actions, and a service has many of them.
    pub fn walk(&self) -> Walk<'_> {
        match (&self.target, self.actor, &self.action, self.service) {
            (Some(target), _, _, _) => Walk::Target(target),
            (None, Some(actor), _, _) => Walk::Actor(actor),
            (None, None, Some(action), _) => Walk::Action(action),
            (None, None, None, Some(service)) => Walk::Service(service),
            (None, None, None, None) => Walk::All,
        }
    }

    /// Whether the list has an entry that was found along its index.
    pub fn admits(&self, entry: &PastEntry) -> bool {
        let (target, action) = (self.target.as_ref(), self.action.as_ref());
        self.actor.is_none_or(|actor| entry.actor == actor)
            && target.is_none_or(|target| entry.target == *target)
            && action.is_none_or(|action| entry.action == action.as_str())
            && self
                .service
                .is_none_or(|service| entry.service == service.into_str())
            && self.occurred.contains(entry.occurred_at)
    }
}

/// A service whose entries the log has.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Service {
    Auth,
    Order,
    Product,
}

/// `target.action`, in the past tense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str)]
pub enum Action {
    #[strum(serialize = "user.updated")]
    UserUpdated,
    #[strum(serialize = "user.suspended")]
    UserSuspended,
    #[strum(serialize = "user.activated")]
    UserActivated,
    #[strum(serialize = "user.deleted")]
    UserDeleted,
    /// The user's second factor was removed.
    #[strum(serialize = "user.mfa_reset")]
    MfaReset,
    /// A copy of the user's data was handed to the actor.
    #[strum(serialize = "user.exported")]
    UserExported,
    #[strum(serialize = "user.role_assigned")]
    RoleAssigned,
    #[strum(serialize = "user.role_removed")]
    RoleRemoved,
    #[strum(serialize = "role.created")]
    RoleCreated,
    #[strum(serialize = "role.updated")]
    RoleUpdated,
    #[strum(serialize = "role.deleted")]
    RoleDeleted,
    #[strum(serialize = "api_key.revoked")]
    ApiKeyRevoked,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn name(action: &str) -> ActionName {
        ActionName::try_from(action.to_owned()).unwrap()
    }

    #[test]
    fn a_list_has_the_entries_that_every_filter_admits() {
        let entry = PastEntry {
            id: EntryId(Uuid::from_u128(1)),
            service: "auth".to_owned(),
            occurred_at: DateTime::from_timestamp(100, 0).unwrap(),
            actor: user(2),
            session: SessionId(Uuid::from_u128(3)),
            action: "user.suspended".to_owned(),
            target: "usr_4".to_owned(),
            data: Value::Null,
        };
        let all = EntryFilter {
            actor: Some(user(2)),
            target: Some("usr_4".to_owned()),
            action: Some(name("user.suspended")),
            service: Some(Service::Auth),
            occurred: Period {
                from: Some(entry.occurred_at),
                to: None,
            },
        };
        assert!(all.admits(&entry));
        assert!(EntryFilter::default().admits(&entry));
        for other in [
            EntryFilter {
                actor: Some(user(4)),
                ..all.clone()
            },
            EntryFilter {
                target: Some("usr_".to_owned()),
                ..all.clone()
            },
            EntryFilter {
                action: Some(name("user.activated")),
                ..all.clone()
            },
            EntryFilter {
                service: Some(Service::Order),
                ..all.clone()
            },
            EntryFilter {
                occurred: Period {
                    from: None,
                    to: Some(entry.occurred_at),
                },
                ..all.clone()
            },
        ] {
            assert!(!other.admits(&entry), "{other:?}");
        }
    }

    #[test]
    fn the_rarest_filter_decides_which_index_is_read() {
        let mut filter = EntryFilter {
            actor: Some(user(2)),
            target: Some("usr_4".to_owned()),
            action: Some(name("user.suspended")),
            service: Some(Service::Auth),
            occurred: Period::default(),
        };
        assert_eq!(filter.walk(), Walk::Target("usr_4"));
        filter.target = None;
        assert_eq!(filter.walk(), Walk::Actor(user(2)));
        filter.actor = None;
        assert_eq!(filter.walk(), Walk::Action(&name("user.suspended")));
        filter.action = None;
        assert_eq!(filter.walk(), Walk::Service(Service::Auth));
        filter.service = None;
        assert_eq!(filter.walk(), Walk::All);
    }
}
