//! The endpoints of checkout: the list of their routes.

mod create_order;
pub(crate) mod order_request;
mod refusal;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_order::create_order))
}
