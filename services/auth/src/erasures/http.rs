//! The routes of erasures, for the services that erase.

mod list_due_erasures;
mod record_erasure_results;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{app::App, erasures::model::Service};

/// The only service that may call these routes (`crate::http::internal`).
const CALLER: Service = Service::Order;

pub fn internal() -> Router<App> {
    Router::new()
        .route(
            "/internal/erasures",
            get(list_due_erasures::list_due_erasures),
        )
        .route(
            "/internal/erasures/results",
            post(record_erasure_results::record_erasure_results),
        )
}
