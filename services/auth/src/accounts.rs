//! Accounts: registration, passwords, profiles, their administration, and the first administrator.

pub mod actor;
pub mod change_status;
pub mod delete_user;
pub mod first_admin;
pub mod http;
pub mod list_users;
pub mod model;
pub mod passwords;
pub mod postgres;
pub mod sign_up;
pub mod update_user;

pub(crate) use self::postgres::{
    AccountError, ProfileChange, find, find_for_log_in, find_password_hash, lock, lock_undeleted,
    update_profile,
};
