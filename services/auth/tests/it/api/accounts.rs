//! The endpoints of accounts.

mod get_profile;
mod register_user;
mod update_profile;
