//! The routes of API keys.

mod api_key_view;
pub(crate) mod create_api_key;
pub(crate) mod exchange_api_key;
mod list_api_keys;
mod revoke_api_key;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The routes that are limited by address.
pub fn counted() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(exchange_api_key::exchange_api_key))
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            create_api_key::create_api_key,
            list_api_keys::list_api_keys
        ))
        .routes(routes!(revoke_api_key::revoke_api_key))
}
