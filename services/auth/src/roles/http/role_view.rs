//! A role as its readers see it.

use access::Grant;
use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use web::conditional::ETag;

use crate::roles::model::{Definition, RoleName};

#[derive(Serialize, ToSchema)]
#[schema(as = RoleDefinition, example = json!({
    "name": "support", "description": "Answers customers.", "permissions": ["orders:read", "orders:cancel"],
    "built_in": false, "created_at": "2026-11-21T08:30:00Z", "updated_at": "2026-11-21T08:30:00Z",
}))]
pub(super) struct RoleView {
    name: RoleName,
    /// May be empty.
    description: String,
    permissions: Vec<Grant>,
    /// A built-in role cannot be changed or deleted.
    built_in: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Definition> for RoleView {
    fn from(role: Definition) -> Self {
        Self {
            built_in: role.is_built_in(),
            description: role.description.as_str().to_owned(),
            permissions: role.permissions.grants().collect(),
            name: role.name,
            created_at: role.created_at,
            updated_at: role.updated_at,
        }
    }
}

impl RoleView {
    pub(super) fn with_version(role: Definition) -> (ETag, Json<Self>) {
        (ETag(role.version), Json(role.into()))
    }
}
