//! The fulfillments of an order and their steps. Pure.

mod fulfillment;
mod movement;

#[cfg(test)]
pub(crate) use fulfillment::tests::Fixture;
pub use fulfillment::{
    Fulfillment, FulfillmentAction, FulfillmentChange, FulfillmentError, FulfillmentState,
    NewFulfillment, OrderFulfillments, Tracking, TrackingUrl, TrackingUrlError, shipping_status,
};
pub use movement::{Moved, Movement, MovementOutcome, MovementRefusal};
