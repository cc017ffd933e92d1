//! The REST API: the list of its routes. One endpoint a file; a handler parses, calls a use case, renders.

mod create_order;
mod get_order;
mod get_order_history;
mod list_orders;
mod list_orders_by_status;
mod list_orders_of_user;
mod list_vendor_orders;
mod listing;
mod order_request;
mod order_view;
mod patch_order;
mod precondition;
mod refusal;
mod revision_refusal;
mod set_order_status;
mod state_name;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The endpoints, as they stand below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_orders::list_orders,
            create_order::create_order
        ))
        .routes(routes!(
            get_order::get_order,
            patch_order::patch_order,
            patch_order::put_order
        ))
        .routes(routes!(get_order_history::get_order_history))
        .routes(routes!(set_order_status::set_order_status))
        .routes(routes!(list_vendor_orders::list_vendor_orders))
        .routes(routes!(list_orders_of_user::list_orders_of_user))
        .routes(routes!(list_orders_by_status::list_orders_by_status))
}
