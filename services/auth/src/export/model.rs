//! What this service keeps about a person.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    accounts::model::{SessionId, User, UserId},
    addresses::model::Address,
    api_keys::model::ApiKeyId,
    audit::model::EntryId,
    events::model::EventId,
    settings::model::Settings,
};

pub struct PersonalData {
    pub exported_at: DateTime<Utc>,
    pub profile: User,
    pub settings: Settings,
    pub addresses: Vec<Address>,
    pub sessions: Newest<SessionRecord>,
    pub api_keys: Newest<ApiKeyRecord>,
    pub audit_log: Newest<AuditRecord>,
    pub events: Newest<EventRecord>,
}

/// The newest rows of a kind, up to a limit.
pub struct Newest<T> {
    pub rows: Vec<T>,
    /// There are older ones.
    pub truncated: bool,
}

impl<T> Newest<T> {
    pub const MAX: usize = 1_000;
    /// Rows to ask the database for: one more tells that there are older ones.
    pub const FETCH: i64 = 1_001;

    pub fn of(mut rows: Vec<T>) -> Self {
        let truncated = rows.len() > Self::MAX;
        rows.truncate(Self::MAX);
        Self { rows, truncated }
    }
}

/// A login.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedSession)]
pub struct SessionRecord {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    #[schema(example = "logout")]
    pub end_reason: Option<String>,
    /// Made of the User-Agent.
    #[schema(example = "Firefox on Linux")]
    pub device: Option<String>,
    /// The network that the session was used from; the address itself is not kept.
    #[schema(example = "203.0.113.0/24")]
    pub address: Option<String>,
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedApiKey)]
pub struct ApiKeyRecord {
    pub id: ApiKeyId,
    pub name: String,
    pub permissions: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// An entry of the audit log that the person caused or that is about the person.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedAuditEntry)]
pub struct AuditRecord {
    pub id: EntryId,
    pub occurred_at: DateTime<Utc>,
    #[schema(example = "user.updated")]
    pub action: String,
    pub part: Part,
    /// What the person acted on; absent if the person was acted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target: Option<String>,
    #[schema(value_type = Object)]
    pub data: Value,
}

/// The person's part in an entry of the audit log. Another person who acted is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExportedAuditEntryPart)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Actor,
    Target,
}

impl AuditRecord {
    pub fn of(user: UserId, entry: StoredEntry) -> Self {
        let by_the_person = entry.actor == user;
        Self {
            id: entry.id,
            occurred_at: entry.occurred_at,
            action: entry.action,
            part: if by_the_person {
                Part::Actor
            } else {
                Part::Target
            },
            target: by_the_person.then_some(entry.target),
            data: entry.data,
        }
    }
}

/// An entry of the audit log as it is stored.
pub struct StoredEntry {
    pub id: EntryId,
    pub occurred_at: DateTime<Utc>,
    pub actor: UserId,
    pub action: String,
    pub target: String,
    pub data: Value,
}

/// Something that happened to the account.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedEvent)]
pub struct EventRecord {
    pub id: EventId,
    pub occurred_at: DateTime<Utc>,
    #[serde(rename = "type")]
    #[schema(example = "user.password_changed")]
    pub event_type: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_thousand_rows_are_complete_and_more_are_truncated() {
        let of = |rows: usize| Newest::of(vec![(); rows]);
        assert!(!of(1_000).truncated);
        assert_eq!((of(1_001).rows.len(), of(1_001).truncated), (1_000, true));
    }

    #[test]
    fn another_person_who_acted_is_not_named() {
        let (ann, admin) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let entry = |actor| StoredEntry {
            id: EntryId(Uuid::nil()),
            occurred_at: DateTime::UNIX_EPOCH,
            actor,
            action: "user.updated".to_owned(),
            target: ann.to_string(),
            data: Value::Null,
        };
        let by_admin = AuditRecord::of(ann, entry(admin));
        assert_eq!((by_admin.part, by_admin.target), (Part::Target, None));
        let by_ann = AuditRecord::of(ann, entry(ann));
        assert_eq!(
            (by_ann.part, by_ann.target),
            (Part::Actor, Some(ann.to_string()))
        );
    }
}
