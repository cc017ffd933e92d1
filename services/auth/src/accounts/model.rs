//! An account as the rest of the service sees it. Its parts are parsed once, here, and cannot be invalid afterwards.

mod email;
mod full_name;
mod guessable;
mod identifier;
mod password;
mod stored_user;
mod username;

use access::Role;
use chrono::{DateTime, Utc};
use serde::Serialize;
use strum::EnumString;
use utoipa::ToSchema;

pub use self::{
    email::{Email, EmailError},
    full_name::{FullName, FullNameError},
    guessable::{GuessablePassword, OwnNames},
    identifier::{Identifier, IdentifierError},
    password::{Password, PasswordError, PresentedPassword},
    stored_user::StoredUser,
    username::{Username, UsernameError},
};

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
    pub roles: Vec<Role>,
    pub status: Status,
    /// The version of what a client may edit.
    pub version: i64,
    /// Access tokens with a lower epoch are invalid.
    pub token_epoch: i64,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Status {
    Active,
    Suspended,
}
