//! An account as the database stores it, possibly accepted under earlier rules.

use std::error::Error;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{FullName, User, UserId, Username};
use crate::roles::model::{RoleName, permissions_of};

/// A row of `users` without the password hash.
pub struct StoredUser {
    pub id: Uuid,
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub username: Option<String>,
    pub full_name: String,
    pub roles: Vec<String>,
    /// Those of the custom roles.
    pub permissions: Vec<String>,
    pub status: String,
    pub version: i64,
    pub token_epoch: i64,
    pub mfa_enabled: bool,
    pub created_at: DateTime<Utc>,
}

impl TryFrom<StoredUser> for User {
    type Error = Box<dyn Error + Send + Sync>;

    fn try_from(row: StoredUser) -> Result<Self, Self::Error> {
        let permissions = permissions_of(&row.roles, &row.permissions);
        Ok(Self {
            id: UserId(row.id),
            email: row.email.parse()?,
            email_verified: row.email_verified_at.is_some(),
            username: row.username.map(Username::stored).transpose()?,
            full_name: FullName::stored(row.full_name),
            roles: row.roles.into_iter().map(RoleName::stored).collect(),
            permissions,
            status: row.status.parse()?,
            version: row.version,
            token_epoch: row.token_epoch,
            mfa_enabled: row.mfa_enabled,
            created_at: row.created_at,
        })
    }
}
