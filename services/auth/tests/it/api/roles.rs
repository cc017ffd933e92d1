//! The endpoints of roles.

mod assign_role;
mod create_role;
mod delete_role;
mod get_role;
mod list_permissions;
mod list_roles;
mod list_roles_of_user;
mod remove_role;
mod update_role;
