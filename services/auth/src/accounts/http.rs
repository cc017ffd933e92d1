//! The routes of accounts.

mod get_profile;
pub(crate) mod register_user;
pub(crate) mod update_profile;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes that are limited by address.
pub fn counted() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(register_user::register_user))
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(
        get_profile::get_profile,
        update_profile::patch_profile,
        update_profile::put_profile
    ))
}
