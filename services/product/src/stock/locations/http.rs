//! The endpoints of locations: the list of their routes.

pub(crate) mod create_location;
mod list_locations;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(
        list_locations::list_locations,
        create_location::create_location
    ))
}
