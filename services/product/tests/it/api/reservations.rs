//! The endpoints of reservations.

mod list_order_holds;
mod list_reservations;
mod reserve_stock;
mod ship_and_return_goods;
