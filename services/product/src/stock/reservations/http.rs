//! The endpoints of reservations: the lists of their routes.

pub(crate) mod commit_reservations;
pub(crate) mod extend_reservations;
mod list_order_holds;
mod list_reservations;
pub(crate) mod release_reservations;
pub(crate) mod reserve_stock;
pub(crate) mod return_goods;
pub(crate) mod ship_goods;

use axum::{
    Router,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_reservations::list_reservations))
}

/// Calls of `order`.
pub fn internal() -> Router<App> {
    Router::new()
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
}
