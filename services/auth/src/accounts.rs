//! Accounts: registration, passwords, profiles, and the first administrator.

pub mod first_admin;
pub mod http;
pub mod model;
pub mod passwords;
pub mod postgres;
pub mod sign_up;

pub(crate) use self::postgres::{
    AccountError, ProfileChange, find_for_log_in, find_password_hash, update_profile,
};
