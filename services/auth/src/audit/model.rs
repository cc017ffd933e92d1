//! An entry of the audit log, and which entries are listed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::accounts::model::{Period, SessionId, UserId};

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
    pub occurred_at: DateTime<Utc>,
    pub actor: UserId,
    pub session: SessionId,
    /// An [`Action`], or one that a newer release knows.
    pub action: String,
    pub target: String,
    pub data: Value,
}

/// Which entries are listed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EntryFilter {
    pub actor: Option<UserId>,
    pub target: Option<String>,
    pub action: Option<Action>,
    pub occurred: Period,
}

/// The index that a list is read along, newest entry first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk<'a> {
    Target(&'a str),
    Actor(UserId),
    Action(Action),
    All,
}

impl EntryFilter {
    /// A target has few entries, an admin has more, and most entries are of a few actions.
    pub fn walk(&self) -> Walk<'_> {
        match (&self.target, self.actor, self.action) {
            (Some(target), _, _) => Walk::Target(target),
            (None, Some(actor), _) => Walk::Actor(actor),
            (None, None, Some(action)) => Walk::Action(action),
            (None, None, None) => Walk::All,
        }
    }

    /// Whether the list has an entry that was found along its index.
    pub fn admits(&self, entry: &PastEntry) -> bool {
        let target = self.target.as_ref();
        self.actor.is_none_or(|actor| entry.actor == actor)
            && target.is_none_or(|target| entry.target == *target)
            && self
                .action
                .is_none_or(|action| entry.action == action.into_str())
            && self.occurred.contains(entry.occurred_at)
    }
}

/// `target.action`, in the past tense.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Deserialize, EnumString, IntoStaticStr, VariantNames,
)]
#[serde(try_from = "String")]
#[strum(const_into_str, parse_err_ty = UnknownAction, parse_err_fn = unknown_action)]
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

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown action; use one such as user.suspended")]
pub struct UnknownAction;

fn unknown_action(_: &str) -> UnknownAction {
    UnknownAction
}

impl TryFrom<String> for Action {
    type Error = UnknownAction;

    fn try_from(text: String) -> Result<Self, UnknownAction> {
        text.parse()
    }
}

impl PartialSchema for Action {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::VARIANTS.iter().copied()))
            .into()
    }
}

impl ToSchema for Action {}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.into_str())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[test]
    fn a_list_has_the_entries_that_every_filter_admits() {
        let entry = PastEntry {
            id: EntryId(Uuid::from_u128(1)),
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
            action: Some(Action::UserSuspended),
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
                action: Some(Action::UserActivated),
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
            action: Some(Action::UserSuspended),
            occurred: Period::default(),
        };
        assert_eq!(filter.walk(), Walk::Target("usr_4"));
        filter.target = None;
        assert_eq!(filter.walk(), Walk::Actor(user(2)));
        filter.actor = None;
        assert_eq!(filter.walk(), Walk::Action(Action::UserSuspended));
        filter.action = None;
        assert_eq!(filter.walk(), Walk::All);
    }
}
