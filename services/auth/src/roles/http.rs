//! The routes of roles.

pub(crate) mod assign_role;
pub(crate) mod create_role;
mod delete_role;
mod get_role;
mod grant_list;
mod list_permissions;
mod list_roles;
mod list_roles_of_user;
mod remove_role;
mod role_view;
pub(crate) mod update_role;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_permissions::list_permissions))
        .routes(routes!(list_roles::list_roles, create_role::create_role))
        .routes(routes!(
            get_role::get_role,
            update_role::patch_role,
            delete_role::delete_role
        ))
        .routes(routes!(
            list_roles_of_user::list_roles_of_user,
            assign_role::assign_role
        ))
        .routes(routes!(remove_role::remove_role))
}
