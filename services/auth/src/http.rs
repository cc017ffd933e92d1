//! The routes of all subjects, and what their endpoints share.

pub(crate) mod address_view;
pub(crate) mod blank;
mod client;
mod cookies;
pub(crate) mod device_token;
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod permitted;
pub(crate) mod refresh_cookie;
mod refusal;
pub(crate) mod second_factor;
pub(crate) mod session_view;
pub(crate) mod settings_view;
pub(crate) mod signed_in;
pub(crate) mod user_ref;
pub(crate) mod user_view;

use std::path::Path;

use access::internal::{AllowedCallers, require_caller};
use axum::{Router, middleware};
use db::Pool;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use web::{
    limit::{AddressGate, limit_by_address},
    service::{Dependency, Service},
};

use crate::{
    MIGRATOR, accounts, addresses, api_keys,
    app::App,
    audit, credentials, erasures, export,
    limits::address::{AddressCounters, AddressLimits},
    mfa, roles, sessions, settings, tokens,
};

/// The endpoints below `/api/v1`.
fn api(gate: AddressGate) -> OpenApiRouter<App> {
    let counted = OpenApiRouter::new()
        .merge(accounts::http::counted())
        .merge(sessions::http::counted())
        .merge(api_keys::http::counted())
        .merge(credentials::http::counted())
        .merge(export::http::counted())
        .merge(mfa::http::counted())
        .route_layer(middleware::from_fn_with_state(gate, limit_by_address));
    OpenApiRouter::new()
        .merge(sessions::http::routes())
        .merge(accounts::http::routes())
        .merge(roles::http::routes())
        .merge(tokens::http::routes())
        .merge(api_keys::http::routes())
        .merge(audit::http::routes())
        .merge(settings::http::routes())
        .merge(addresses::http::routes())
        .merge(mfa::http::routes())
        .merge(counted)
}

/// The routes of the public port.
pub fn public(app: App) -> Router {
    let gate = app.address_counters.gate.clone();
    service(Some(&app.pool)).public(api(gate), tokens::http::root(), app)
}

/// The routes of the internal port: calls of other services, whose tokens are in this folder, and the probes.
pub fn internal(app: App, tokens_of_callers: &Path) -> Router {
    let probes = service(Some(&app.pool)).probes();
    let only = |callers| {
        let allowed = AllowedCallers::new(tokens_of_callers.to_owned(), callers);
        middleware::from_fn_with_state(allowed, require_caller)
    };
    let feed = tokens::http::internal().route_layer(only(&["product", "order"]));
    let erasures = erasures::http::internal().route_layer(only(&["order"]));
    let entries = audit::http::internal().route_layer(only(&["product", "order"]));
    feed.merge(erasures)
        .merge(entries)
        .with_state(app)
        .merge(probes)
}

pub fn openapi() -> OpenApi {
    let gate = AddressCounters::new(AddressLimits::default()).gate;
    service(None).openapi(api(gate))
}

fn service(pool: Option<&Pool>) -> Service {
    let database = pool.map(|pool| Dependency::database("postgres", pool.clone(), &MIGRATOR));
    Service {
        name: "auth",
        version: env!("CARGO_PKG_VERSION"),
        health_aliases: &[],
        dependencies: database.into_iter().collect(),
    }
}
