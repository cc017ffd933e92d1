//! Roles and grantors for the tests of this model.

use access::Permissions;
use clock::{Clock, Ids};

use super::{Definition, Grantor, StoredRole};
use crate::accounts::model::{SessionId, UserId};

pub(super) fn role(name: &str, permissions: &[&str]) -> Definition {
    let now = Clock::system().now();
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
    let ids = Ids::system();
    Grantor {
        user: UserId(ids.uuid()),
        session: SessionId(ids.uuid()),
        permissions,
    }
}
