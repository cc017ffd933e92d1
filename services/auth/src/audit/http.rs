//! The routes of the audit log.

mod list_audit_log;
mod receive_audit_entries;

use axum::{Router, routing::post};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit_log::list_audit_log))
}

/// For the services that send entries.
pub fn internal() -> Router<App> {
    Router::new().route(
        "/internal/audit-entries",
        post(receive_audit_entries::receive_audit_entries),
    )
}
