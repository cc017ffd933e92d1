//! For fuzzing: every body that a stranger may send, and those of other services, read as their endpoints read them.

use web::json::from_slice;

use super::{
    adjust_inventory::AdjustInventory, commit_reservations::CommitReservations,
    create_location::CreateLocation, create_product::CreateProduct,
    extend_reservations::ExtendReservations, release_reservations::ReleaseReservations,
    reserve_stock::ReserveStock, return_goods::ReturnGoods, set_inventory::SetInventory,
    settle_shortfalls::SettleShortfalls, ship_goods::ShipGoods, update_product::UpdateProduct,
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
