//! The endpoints of inventory: the list of their routes.

pub(crate) mod adjust_inventory;
mod audit_inventory;
mod get_inventory;
mod list_inventory;
mod list_movements;
pub(crate) mod set_inventory;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_inventory::list_inventory))
        .routes(routes!(
            get_inventory::get_inventory,
            set_inventory::set_inventory
        ))
        .routes(routes!(adjust_inventory::adjust_inventory))
        .routes(routes!(list_movements::list_movements))
        .routes(routes!(audit_inventory::audit_inventory))
}
