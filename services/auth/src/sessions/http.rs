//! The routes of sessions.

mod end_session;
mod list_sessions;
pub(crate) mod log_in;
mod log_out;
mod log_out_all;
pub(crate) mod refresh_session;
mod validate_session;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes that are limited by address.
pub fn counted() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_in::log_in))
        .routes(routes!(refresh_session::refresh_session))
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_out::log_out))
        .routes(routes!(log_out_all::log_out_all))
        .routes(routes!(list_sessions::list_sessions))
        .routes(routes!(end_session::end_session))
        .routes(routes!(validate_session::validate_session))
}
