//! The endpoints of fulfillments: the list of their routes.

mod cancel_fulfillment;
pub(crate) mod create_fulfillment;
mod deliver_fulfillment;
pub(crate) mod fulfillment_view;
mod list_fulfillments;
mod refusal;
mod ship_fulfillment;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_fulfillments::list_fulfillments,
            create_fulfillment::create_fulfillment
        ))
        .routes(routes!(ship_fulfillment::ship_fulfillment))
        .routes(routes!(deliver_fulfillment::deliver_fulfillment))
        .routes(routes!(cancel_fulfillment::cancel_fulfillment))
}
