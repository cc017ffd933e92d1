//! The routes of all subjects, and nothing else.

#[doc(hidden)]
pub mod fuzzing;
mod refusal;

use access::internal::{AllowedCallers, require_caller};
use axum::{Router, middleware, routing::get};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use web::{
    limit::AddressGate,
    service::{Dependency, Service},
};

use crate::{
    MIGRATOR,
    app::App,
    audit::StockSource,
    catalog::products,
    guests::GuestLimits,
    stock::{inventory, locations, reservations, shortfalls},
};

/// The endpoints below `/api/v1`.
fn api(guests: AddressGate) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(products::http::products(guests))
        .merge(products::http::of_vendors())
        .merge(inventory::http::routes())
        .merge(reservations::http::routes())
        .merge(locations::http::routes())
}

/// Everything on the public port; with `legacy_aliases` also `/products…` at the root.
pub fn public(app: App, legacy_aliases: bool, guests: AddressGate) -> Router {
    let root = if legacy_aliases {
        products::http::products(guests.clone()).split_for_parts().0
    } else {
        Router::new()
    };
    service(Some(&app)).public(api(guests), root, app)
}

/// What the internal port answers: calls of `order`, the audit's result to `observers`, and the probes.
pub fn internal(app: App, callers: AllowedCallers, observers: AllowedCallers) -> Router {
    let probes = service(Some(&app)).probes();
    let audit = Router::new()
        .route(
            "/internal/audit",
            get(::audit::get_audit::<StockSource>).post(::audit::request_audit::<StockSource>),
        )
        .route_layer(middleware::from_fn_with_state(observers, require_caller))
        .with_state(app.auditor.clone());
    let calls = Router::new()
        .merge(reservations::http::internal())
        .merge(shortfalls::http::internal())
        .route_layer(middleware::from_fn_with_state(callers, require_caller))
        .with_state(app);
    calls.merge(audit).merge(probes)
}

pub fn openapi() -> OpenApi {
    service(None).openapi(api(GuestLimits::default().gate()))
}

fn service(app: Option<&App>) -> Service {
    let revocations = app.and_then(|app| app.verifier.dependency());
    // Over a connection of its own, and once for all who ask at the same time: requests cannot keep it from answering.
    let database =
        app.map(|app| Dependency::database("postgres", app.health.clone(), &MIGRATOR).shared());
    Service {
        name: "product",
        version: env!("CARGO_PKG_VERSION"),
        health_aliases: &["/api/products/health"],
        dependencies: database.into_iter().chain(revocations).collect(),
    }
}
