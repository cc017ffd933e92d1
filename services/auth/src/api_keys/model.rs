//! An API key as the rest of the service sees it.

mod lifetime;
mod name;
mod secret;

use access::Permissions;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::{
    lifetime::{ExpiryError, expiry},
    name::{KeyName, KeyNameError},
    secret::Secret,
};
use crate::{
    accounts::model::{Status, User, UserId},
    tokens::model::Hash,
};

ids::id!(pub ApiKeyId, "key");

/// Keys that a user may have at a time.
pub const MAX_LIVE: i64 = 20;
/// Keys that have ended which are kept for their owner to see.
const MAX_ENDED: i64 = 100;

/// A key that is to be created.
pub struct NewApiKey {
    pub id: ApiKeyId,
    pub owner: UserId,
    pub name: KeyName,
    pub secret_hash: Hash,
    pub hint: String,
    pub permissions: Permissions,
    pub expires_at: DateTime<Utc>,
}

/// A key without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub owner: UserId,
    pub name: String,
    pub hint: String,
    /// As they were named when it was created.
    pub permissions: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyStatus {
    Active,
    Expired,
    Revoked,
}

impl ApiKey {
    pub fn status(&self) -> KeyStatus {
        match (self.revoked_at, self.ended) {
            (Some(_), _) => KeyStatus::Revoked,
            (None, true) => KeyStatus::Expired,
            (None, false) => KeyStatus::Active,
        }
    }
}

/// A key that a client presents, and its owner.
pub struct PresentedKey {
    pub id: ApiKeyId,
    pub owner: User,
    pub permissions: Permissions,
    pub expires_at: DateTime<Utc>,
    pub ended: bool,
    /// The time of its last use is not known to the minute.
    pub use_is_due: bool,
}

impl PresentedKey {
    /// Whether it is exchanged for a token.
    pub fn is_live(&self) -> bool {
        !self.ended && self.owner.status == Status::Active
    }
}

/// The keys of a user when another is to be created.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub live: i64,
    pub ended: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user has {MAX_LIVE} keys")]
pub struct TooManyKeys;

impl Held {
    /// How many ended keys must be deleted for another key, so that a user who creates and revokes keys without end leaves
    /// a bounded number behind.
    pub fn admit(self) -> Result<i64, TooManyKeys> {
        if self.live >= MAX_LIVE {
            return Err(TooManyKeys);
        }
        Ok((self.ended - MAX_ENDED).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_bounded_number_of_keys() {
        let admit = |live, ended| Held { live, ended }.admit();
        assert_eq!(admit(0, 0), Ok(0));
        assert_eq!(admit(MAX_LIVE - 1, MAX_ENDED), Ok(0));
        assert_eq!(admit(MAX_LIVE, 0), Err(TooManyKeys));
        assert_eq!(admit(0, MAX_ENDED + 3), Ok(3));
    }
}
