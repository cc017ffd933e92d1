//! An account as its user sees it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::model::{Status, User, UserId},
    roles::model::RoleName,
};

#[derive(Serialize, ToSchema)]
#[schema(as = User, example = json!({
    "id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "email": "ann@example.com", "email_verified": true,
    "username": "ann", "full_name": "Ann Example", "roles": ["customer"], "status": "active",
    "created_at": "2026-11-21T08:30:00Z",
}))]
pub(crate) struct UserView {
    id: UserId,
    #[schema(format = Email)]
    email: String,
    /// Whether the user has confirmed the address with the token of a message to it.
    email_verified: bool,
    /// Null if none was chosen.
    username: Option<String>,
    full_name: String,
    /// Names of roles, at least one.
    #[schema(value_type = Vec<String>)]
    roles: Vec<RoleName>,
    status: Status,
    created_at: DateTime<Utc>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str().to_owned(),
            email_verified: user.email_verified,
            username: user.username.map(|username| username.as_str().to_owned()),
            full_name: user.full_name.as_str().to_owned(),
            roles: user.roles,
            status: user.status,
            created_at: user.created_at,
        }
    }
}
