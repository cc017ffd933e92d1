//! The REST API: the routes of all subjects. One endpoint a file; a handler parses, calls a use case, renders.

#[doc(hidden)]
pub mod fuzzing;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use idempotency::announce_made_key;
use utoipa_axum::router::OpenApiRouter;
use web::service::Service;

use crate::{
    app::App,
    checkout, fulfillment,
    intents::http::{admit, document_admission},
    orders, payments, returns, saga,
};

/// The endpoints, as they stand below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::new()
        .merge(orders::http::routes())
        .merge(checkout::http::routes())
        .merge(fulfillment::http::routes())
        .merge(payments::http::routes())
        .merge(returns::http::routes())
        .merge(saga::http::routes());
    document_admission(routes.get_openapi_mut());
    routes
}

impl App {
    /// Everything on the public port.
    pub fn router(self, service: &Service, legacy_aliases: bool) -> Router {
        let api = routes()
            .route_layer(from_fn_with_state(self.clone(), admit))
            .route_layer(from_fn(announce_made_key));
        let root = if legacy_aliases {
            api.clone().split_for_parts().0
        } else {
            Router::new()
        };
        service.public(api, root, self)
    }
}
