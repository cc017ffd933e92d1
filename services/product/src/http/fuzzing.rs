//! For fuzzing: every body that a stranger may send, and those of other services, read as their endpoints read them.

use web::json::from_slice;

use crate::{
    catalog::products::http::{create_product::CreateProduct, update_product::UpdateProduct},
    stock::{
        inventory::http::{adjust_inventory::AdjustInventory, set_inventory::SetInventory},
        locations::http::create_location::CreateLocation,
        reservations::http::{
            commit_reservations::CommitReservations, extend_reservations::ExtendReservations,
            release_reservations::ReleaseReservations, reserve_stock::ReserveStock,
            return_goods::ReturnGoods, ship_goods::ShipGoods,
        },
        shortfalls::http::settle_shortfalls::SettleShortfalls,
    },
};

/// Nothing that `text` says may end the process.
pub fn read_bodies(text: &[u8]) {
    let _ = from_slice::<CreateProduct>(text);
    let _ = from_slice::<UpdateProduct>(text);
    let _ = from_slice::<SetInventory>(text);
    let _ = from_slice::<AdjustInventory>(text);
    let _ = from_slice::<CreateLocation>(text);
    let _ = from_slice::<ReserveStock>(text);
    let _ = from_slice::<CommitReservations>(text);
    let _ = from_slice::<ReleaseReservations>(text);
    let _ = from_slice::<ExtendReservations>(text);
    let _ = from_slice::<ShipGoods>(text);
    let _ = from_slice::<ReturnGoods>(text);
    let _ = from_slice::<SettleShortfalls>(text);
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_body_ends_the_process() {
        web::fuzzing::drive("json", super::read_bodies);
    }
}
