//! The endpoints about tokens: the lists of their routes.

mod get_jwks;
mod list_revocations;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_jwks::get_jwks))
}

/// Beside the API: where clients look for the keys.
pub fn root() -> Router<App> {
    Router::new().route("/.well-known/jwks.json", get(get_jwks::get_jwks))
}

/// Calls of other services.
pub fn internal() -> Router<App> {
    Router::new().route(
        "/internal/revocations",
        get(list_revocations::list_revocations),
    )
}
