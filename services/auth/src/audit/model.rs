//! An entry of the audit log.

use serde_json::Value;
use strum::{EnumString, IntoStaticStr};

use crate::accounts::model::{SessionId, UserId};

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

/// `target.action`, in the past tense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
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
    #[strum(serialize = "api_key.created")]
    ApiKeyCreated,
    #[strum(serialize = "api_key.revoked")]
    ApiKeyRevoked,
}
