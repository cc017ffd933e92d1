//! The route of the export.

mod export_user;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes that are limited by address.
pub fn counted() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_user::export_user))
}
