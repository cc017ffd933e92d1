//! The routes of settings.

mod get_settings;
pub(crate) mod replace_settings;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(
        get_settings::get_settings,
        replace_settings::replace_settings
    ))
}
