//! Roles in SQL.

pub mod admins;
pub mod holders;
pub mod roles;

use access::Permissions;

/// The names of permissions, as roles store them.
pub fn names(permissions: Permissions) -> Vec<String> {
    let grants = permissions.grants();
    grants.map(|grant| grant.to_string()).collect()
}
