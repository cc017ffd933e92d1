//! Orders with their parcels.

use crate::{
    fulfillment::model::{Dispatch, FulfillmentStep},
    orders::ports::{OrdersError, Saved},
    values::{FulfillmentId, OrderId},
};

pub trait Dispatches: Send + Sync + 'static {
    fn dispatch(
        &self,
        order: OrderId,
    ) -> impl Future<Output = Result<Option<Dispatch>, OrdersError>> + Send;

    /// The order that a parcel is of.
    fn order_of(
        &self,
        parcel: FulfillmentId,
    ) -> impl Future<Output = Result<Option<OrderId>, OrdersError>> + Send;

    /// Writes a step of a parcel and the order's new versions, if the order still has the version that was read.
    fn write(
        &self,
        order: OrderId,
        step: &FulfillmentStep,
    ) -> impl Future<Output = Result<Saved, OrdersError>> + Send;
}
