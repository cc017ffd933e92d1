//! Roles and grantors for the tests of this model.

use access::Permissions;
use chrono::DateTime;
use uuid::Uuid;

use super::{Definition, Grantor, StoredRole};
use crate::accounts::model::{SessionId, UserId};

pub(super) fn role(name: &str, permissions: &[&str]) -> Definition {
    let now = DateTime::UNIX_EPOCH;
    let names = permissions.iter().map(ToString::to_string).collect();
    Definition::from(StoredRole {
        name: name.to_owned(),
        description: "Helps customers.".to_owned(),
        permissions: Some(names),
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

pub(super) fn by(permissions: Permissions) -> Grantor {
    Grantor {
        user: UserId(Uuid::from_u128(1)),
        session: SessionId(Uuid::from_u128(2)),
        permissions,
    }
}
