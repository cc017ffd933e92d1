//! The endpoints of orders: the list of their routes.

mod cancel_order;
mod get_order;
mod get_order_history;
mod list_orders;
mod list_orders_by_status;
mod list_orders_of_user;
mod list_vendor_orders;
mod order_listing;
pub(crate) mod order_view;
pub(crate) mod patch_order;
mod refusal;
pub(crate) mod set_order_status;
mod state_name;
mod vendor_order_view;

use axum::routing::delete;
use utoipa::openapi::HttpMethod;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::document::alias;

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new()
        .routes(routes!(list_orders::list_orders))
        .routes(routes!(
            get_order::get_order,
            patch_order::patch_order,
            patch_order::put_order
        ))
        .routes(routes!(cancel_order::cancel_order))
        .routes(routes!(get_order_history::get_order_history))
        .routes(routes!(set_order_status::set_order_status))
        .routes(routes!(list_vendor_orders::list_vendor_orders))
        .routes(routes!(list_orders_of_user::list_orders_of_user))
        .routes(routes!(list_orders_by_status::list_orders_by_status));
    alias(
        routes,
        (HttpMethod::Delete, "/orders/{id}"),
        (HttpMethod::Post, "/orders/{id}/cancel"),
        delete(cancel_order::cancel_order),
    )
}
