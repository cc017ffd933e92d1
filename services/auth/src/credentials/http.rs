//! The routes of passwords and e-mail addresses.

pub(crate) mod change_password;
pub(crate) mod request_email_change;
mod request_email_verification;
pub(crate) mod request_password_reset;
pub(crate) mod reset_password;
pub(crate) mod verify_email;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes, which are all limited by address: each hashes a password, sends a message, or is public.
pub fn counted() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(change_password::change_password))
        .routes(routes!(request_password_reset::request_password_reset))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(verify_email::verify_email))
        .routes(routes!(
            request_email_verification::request_email_verification
        ))
        .routes(routes!(request_email_change::request_email_change))
}
