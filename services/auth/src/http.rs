//! The list of routes, and nothing else.

mod device_token;
#[doc(hidden)]
pub mod fuzzing;
mod get_jwks;
mod get_profile;
mod list_revocations;
mod log_in;
mod log_out;
mod refresh_session;
mod register_user;
mod session_view;
mod update_profile;
mod user_view;
mod validate_session;

use axum::{Router, middleware, routing::get};
use postgres::Pool;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{
    internal::{AllowedCallers, require_caller},
    limit::{AddressGate, limit_by_address},
    service::{Dependency, Service},
};

use crate::{
    MIGRATOR,
    app::App,
    limit::address::{AddressCounters, AddressLimits},
};

/// The endpoints below `/api/v1`.
fn api(gate: AddressGate) -> OpenApiRouter<App> {
    let counted = OpenApiRouter::new()
        .routes(routes!(register_user::register_user))
        .routes(routes!(log_in::log_in))
        .routes(routes!(refresh_session::refresh_session))
        .route_layer(middleware::from_fn_with_state(gate, limit_by_address));
    OpenApiRouter::new()
        .routes(routes!(log_out::log_out))
        .routes(routes!(validate_session::validate_session))
        .routes(routes!(
            get_profile::get_profile,
            update_profile::patch_profile,
            update_profile::put_profile
        ))
        .routes(routes!(get_jwks::get_jwks))
        .merge(counted)
}

fn root() -> Router<App> {
    Router::new().route("/.well-known/jwks.json", get(get_jwks::get_jwks))
}

/// Everything on the public port.
pub fn public(app: App) -> Router {
    let gate = app.address_counters.gate();
    service(Some(&app.pool)).public(api(gate), root(), app)
}

/// What the internal port answers: calls of other services, and the probes.
pub fn internal(app: App, callers: AllowedCallers) -> Router {
    let probes = service(Some(&app.pool)).probes();
    let calls = Router::new()
        .route(
            "/internal/revocations",
            get(list_revocations::list_revocations),
        )
        .route_layer(middleware::from_fn_with_state(callers, require_caller))
        .with_state(app);
    calls.merge(probes)
}

pub fn openapi() -> OpenApi {
    let gate = AddressCounters::new(AddressLimits::default()).gate();
    service(None).openapi(api(gate))
}

fn service(pool: Option<&Pool>) -> Service {
    let database = pool.cloned().map(|pool| {
        Dependency::new("postgres", move || {
            let pool = pool.clone();
            async move { postgres::schema_is_current(&pool, &MIGRATOR).await }
        })
    });
    Service {
        name: "auth",
        version: env!("CARGO_PKG_VERSION"),
        health_aliases: &[],
        dependencies: database.into_iter().collect(),
    }
}
