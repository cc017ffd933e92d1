//! The endpoints of accounts.

mod activate_user;
mod delete_account;
mod delete_user;
mod get_profile;
mod get_user;
mod list_users;
mod register_user;
mod suspend_user;
mod update_profile;
mod update_user;
