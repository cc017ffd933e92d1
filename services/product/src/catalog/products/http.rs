//! The endpoints of products: the list of their routes.

pub(crate) mod create_product;
mod delete_product;
mod disable_product;
mod enable_product;
mod get_product;
mod list_products;
mod list_vendor_products;
mod product_query;
mod product_view;
pub(crate) mod update_product;
pub mod views;

use axum::middleware;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::limit::{AddressGate, limit_by_address};

use crate::app::App;

/// With an alias of their own at the root.
pub fn products(guests: AddressGate) -> OpenApiRouter<App> {
    // Every list that guests may read belongs here.
    let lists = OpenApiRouter::new()
        .routes(routes!(
            list_products::list_products,
            create_product::create_product
        ))
        .route_layer(middleware::from_fn_with_state(guests, limit_by_address));
    OpenApiRouter::new()
        .merge(lists)
        .routes(routes!(
            get_product::get_product,
            update_product::patch_product,
            update_product::put_product,
            delete_product::delete_product
        ))
        .routes(routes!(enable_product::enable_product))
        .routes(routes!(disable_product::disable_product))
}

pub fn of_vendors() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_vendor_products::list_vendor_products))
}
