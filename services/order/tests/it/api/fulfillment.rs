//! The endpoints of fulfillment.

mod create_fulfillment;
mod ship_fulfillment;
