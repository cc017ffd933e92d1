//! The endpoints of shortfalls: the list of their routes.

mod list_shortfalls;
pub(crate) mod settle_shortfalls;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

/// Calls of `order`.
pub fn internal() -> Router<App> {
    Router::new()
        .route(
            "/internal/shortfalls",
            get(list_shortfalls::list_shortfalls),
        )
        .route(
            "/internal/shortfalls/settle",
            post(settle_shortfalls::settle_shortfalls),
        )
}
