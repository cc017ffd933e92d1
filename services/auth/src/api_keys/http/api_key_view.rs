//! An API key as its owner sees it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::model::UserId,
    api_keys::model::{ApiKey, ApiKeyId, KeyStatus},
};

#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey, example = json!({
    "id": "key_01932c5e-7d2a-7c3e-9f00-0242ac120002", "user_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002",
    "name": "Warehouse import", "hint": "KGrS", "permissions": ["products:write:own", "stock:write:own"],
    "status": "active", "created_at": "2026-11-21T08:30:00Z", "expires_at": "2027-02-19T08:30:00Z",
    "last_used_at": null, "revoked_at": null,
}))]
pub(super) struct ApiKeyView {
    id: ApiKeyId,
    /// Its owner, as whom it acts.
    user_id: UserId,
    name: String,
    /// The last characters of the key.
    hint: String,
    /// What it may do, as far as its owner still may.
    permissions: Vec<String>,
    status: KeyStatus,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// To the minute; null if it was never used.
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            status: key.status(),
            id: key.id,
            user_id: key.owner,
            name: key.name,
            hint: key.hint,
            permissions: key.permissions,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}
