//! An account as the rest of the service sees it. Its parts are parsed once, here, and cannot be invalid afterwards.

mod anonymous;
mod email;
mod full_name;
mod guessable;
mod identifier;
mod listing;
mod password;
mod period;
mod status;
mod stored_user;
mod username;

use access::{Permissions, Role};
use chrono::{DateTime, Utc};

pub use self::{
    anonymous::Anonymous,
    email::{Email, EmailError},
    full_name::{FullName, FullNameError},
    guessable::{GuessablePassword, OwnNames},
    identifier::{Identifier, IdentifierError},
    listing::{Place, UserFilter, Walk},
    password::{Password, PasswordError, PresentedPassword},
    period::Period,
    status::{DeletedAccount, Status},
    stored_user::StoredUser,
    username::{Username, UsernameError},
};
use crate::roles::model::RoleName;

ids::id!(pub UserId, "usr");
ids::id!(pub SessionId, "ses");

/// An account that is to be created.
pub struct NewUser {
    pub email: Email,
    pub username: Option<Username>,
    pub full_name: FullName,
    pub role: Role,
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    /// The user has shown that messages to this address reach them.
    pub email_verified: bool,
    pub username: Option<Username>,
    pub full_name: FullName,
    pub roles: Vec<RoleName>,
    /// Of all these roles.
    pub permissions: Permissions,
    pub status: Status,
    /// The version of what a client may edit.
    pub version: i64,
    /// Access tokens with a lower epoch are invalid.
    pub token_epoch: i64,
    /// Whether a login needs a second factor.
    pub mfa_enabled: bool,
    pub created_at: DateTime<Utc>,
}
