//! The endpoints of sagas: the list of their routes.

mod compensate_saga;
mod list_sagas;
mod retry_saga;
mod saga_view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_sagas::list_sagas))
        .routes(routes!(retry_saga::retry_saga))
        .routes(routes!(compensate_saga::compensate_saga))
}
