//! The parcels of an order and their steps. Pure.

pub(crate) mod fulfillment;
mod parcel;
mod returned;

pub use fulfillment::{
    Dispatch, Fulfillment, FulfillmentError, FulfillmentState, FulfillmentStep, LineUnits,
    NewFulfillment, Packing, PackingError, ParcelLine, ParcelStep, Tracking, TrackingUrl,
    TrackingUrlError, shipping_status,
};
pub use parcel::{Parcel, ParcelLease, ParcelOutcome, ParcelRefusal, ParcelTurn};
pub use returned::{Return, ReturnReason, ReturnState};
