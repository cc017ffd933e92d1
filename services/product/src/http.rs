//! The list of routes, and nothing else.

mod adjust_inventory;
mod audit_inventory;
mod commit_reservations;
mod create_location;
mod create_product;
mod delete_product;
mod disable_product;
mod enable_product;
mod extend_reservations;
#[doc(hidden)]
pub mod fuzzing;
mod get_inventory;
mod get_product;
mod inventory_view;
mod list_inventory;
mod list_locations;
mod list_movements;
mod list_order_holds;
mod list_products;
mod list_reservations;
mod list_shortfalls;
mod list_vendor_products;
mod location_view;
mod product_query;
mod product_view;
mod refusal;
mod release_reservations;
mod reserve_stock;
mod return_goods;
mod set_inventory;
mod settle_shortfalls;
mod ship_goods;
mod update_product;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{
    internal::{AllowedCallers, require_caller},
    limit::{AddressGate, limit_by_address},
    service::{Dependency, Service},
};

use crate::{MIGRATOR, app::App, audit::StockBooks, guests::GuestLimits};

/// The endpoints below `/api/v1`.
fn api(guests: AddressGate) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(products(guests))
        .routes(routes!(list_vendor_products::list_vendor_products))
        .routes(routes!(list_inventory::list_inventory))
        .routes(routes!(
            get_inventory::get_inventory,
            set_inventory::set_inventory
        ))
        .routes(routes!(adjust_inventory::adjust_inventory))
        .routes(routes!(list_movements::list_movements))
        .routes(routes!(list_reservations::list_reservations))
        .routes(routes!(audit_inventory::audit_inventory))
        .routes(routes!(
            list_locations::list_locations,
            create_location::create_location
        ))
}

fn products(guests: AddressGate) -> OpenApiRouter<App> {
    // Every list that guests may read belongs here.
    let lists = OpenApiRouter::new()
        .routes(routes!(
            list_products::list_products,
            create_product::create_product
        ))
        .route_layer(middleware::from_fn_with_state(guests, limit_by_address));
    OpenApiRouter::new()
        .merge(lists)
        .routes(routes!(
            get_product::get_product,
            update_product::patch_product,
            update_product::put_product,
            delete_product::delete_product
        ))
        .routes(routes!(enable_product::enable_product))
        .routes(routes!(disable_product::disable_product))
}

/// Everything on the public port; with `legacy_aliases` also `/products…` at the root.
pub fn public(app: App, legacy_aliases: bool, guests: AddressGate) -> Router {
    let root = if legacy_aliases {
        products(guests.clone()).split_for_parts().0
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
            get(::audit::get_audit::<StockBooks>).post(::audit::request_audit::<StockBooks>),
        )
        .route_layer(middleware::from_fn_with_state(observers, require_caller))
        .with_state(app.auditor.clone());
    let calls = Router::new()
        .route(
            "/internal/reservations",
            get(list_order_holds::list_order_holds).post(reserve_stock::reserve_stock),
        )
        .route(
            "/internal/reservations/commit",
            post(commit_reservations::commit_reservations),
        )
        .route(
            "/internal/reservations/release",
            post(release_reservations::release_reservations),
        )
        .route(
            "/internal/reservations/extend",
            post(extend_reservations::extend_reservations),
        )
        .route("/internal/reservations/ship", post(ship_goods::ship_goods))
        .route(
            "/internal/reservations/return",
            post(return_goods::return_goods),
        )
        .route(
            "/internal/shortfalls",
            get(list_shortfalls::list_shortfalls),
        )
        .route(
            "/internal/shortfalls/settle",
            post(settle_shortfalls::settle_shortfalls),
        )
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
    let database = app.map(|app| {
        let pool = app.health.clone();
        let check = Dependency::new("postgres", move || {
            let pool = pool.clone();
            async move { postgres::schema_is_current(&pool, &MIGRATOR).await }
        });
        check.shared()
    });
    Service {
        name: "product",
        version: env!("CARGO_PKG_VERSION"),
        health_aliases: &["/api/products/health"],
        dependencies: database.into_iter().chain(revocations).collect(),
    }
}
