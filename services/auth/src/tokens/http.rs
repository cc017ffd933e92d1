//! The routes of tokens.

mod get_jwks;
mod list_revocations;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_jwks::get_jwks))
}

/// The well-known path of the keys, outside of the API.
pub fn root() -> Router<App> {
    Router::new().route("/.well-known/jwks.json", get(get_jwks::get_jwks))
}

/// The routes for other services.
pub fn internal() -> Router<App> {
    Router::new().route(
        "/internal/revocations",
        get(list_revocations::list_revocations),
    )
}
