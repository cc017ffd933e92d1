//! Roles as data: the built-in ones, whose permissions the code decides, custom ones, and who holds which.

pub mod assign_role;
pub mod change_role;
pub mod http;
pub mod model;
pub mod postgres;

pub(crate) use self::postgres::{
    admins::{KeepAdminError, keep_an_admin},
    holders::{held_by, total_of},
    roles::{by_name, page, total},
};
