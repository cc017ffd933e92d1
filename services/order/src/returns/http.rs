//! The endpoints of returns: the list of their routes.

mod approve_return;
pub(crate) mod create_return;
mod list_returns;
mod receive_return;
mod refusal;
mod reject_return;
mod return_view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_returns::list_returns,
            create_return::create_return
        ))
        .routes(routes!(approve_return::approve_return))
        .routes(routes!(receive_return::receive_return))
        .routes(routes!(reject_return::reject_return))
}
