//! The audit log of all services, which auth keeps. A service appends an entry to its own table `audit_outbox` in the
//! transaction of the change, so that neither exists without the other and no change waits for auth. The relay sends the
//! entries to auth and deletes those that auth has. An entry may be sent twice; auth keeps the first of the same id.

mod outbox;
mod relay;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use self::{
    outbox::{Backlog, Outbox},
    relay::{RelayError, round, run},
};

/// Most entries that auth receives at once.
pub const MAX_BATCH: usize = 100;

/// What is appended: the user who acted, by which session or API key, and what was done to what.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// UUIDv7: the log is read by it.
    pub id: Uuid,
    pub actor: Uuid,
    pub session: Uuid,
    /// `resource.action`, in the past tense.
    pub action: &'static str,
    /// An id with its prefix, or a name such as a SKU.
    pub target: String,
    /// An object of ids, names of fields and amounts; no personal data and no free text (ORDERS 28).
    pub data: Value,
}

/// An entry on its way to auth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub actor: Uuid,
    pub session: Uuid,
    pub action: String,
    pub target: String,
    pub data: Value,
}

/// The body of `POST /internal/audit-entries`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entries {
    pub entries: Vec<Entry>,
}
