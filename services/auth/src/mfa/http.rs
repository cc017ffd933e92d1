//! The routes of multi-factor authentication.

pub(crate) mod begin_totp;
pub(crate) mod confirm_totp;
pub(crate) mod disable_totp;
mod get_mfa;
mod recovery_codes_view;
pub(crate) mod renew_recovery_codes;
mod reset_mfa;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes that are limited by address.
pub fn counted() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(begin_totp::begin_totp))
        .routes(routes!(confirm_totp::confirm_totp))
        .routes(routes!(disable_totp::disable_totp))
        .routes(routes!(renew_recovery_codes::renew_recovery_codes))
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_mfa::get_mfa))
        .routes(routes!(reset_mfa::reset_mfa))
}
