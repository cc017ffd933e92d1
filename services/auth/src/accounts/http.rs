//! The routes of accounts.

mod activate_user;
pub(crate) mod delete_account;
mod delete_user;
mod get_profile;
mod get_user;
mod list_users;
pub(crate) mod register_user;
mod suspend_user;
pub(crate) mod update_profile;
mod update_user;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes that are limited by address.
pub fn counted() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register_user::register_user))
        .routes(routes!(delete_account::delete_account))
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            get_profile::get_profile,
            update_profile::patch_profile,
            update_profile::put_profile
        ))
        .routes(routes!(list_users::list_users))
        .routes(routes!(
            get_user::get_user,
            update_user::update_user,
            delete_user::delete_user
        ))
        .routes(routes!(suspend_user::suspend_user))
        .routes(routes!(activate_user::activate_user))
}
