//! Orders with their parcels in Postgres, and the parcels that product must be told of.

pub(crate) mod dispatch;
pub(crate) mod shipments;

pub use self::shipments::PgShipments;
use super::{
    model::{Dispatch, FulfillmentStep},
    ports::Dispatches,
};
use crate::{
    infrastructure::postgres::{PgOrders, failure::orders_error},
    orders::ports::{OrdersError, Saved},
    values::{FulfillmentId, OrderId},
};

impl Dispatches for PgOrders {
    async fn dispatch(&self, order: OrderId) -> Result<Option<Dispatch>, OrdersError> {
        dispatch::dispatch(&self.readers, order)
            .await
            .map_err(orders_error)
    }

    async fn order_of(&self, parcel: FulfillmentId) -> Result<Option<OrderId>, OrdersError> {
        dispatch::order_of(&self.readers, parcel)
            .await
            .map_err(orders_error)
    }

    async fn write(&self, order: OrderId, step: &FulfillmentStep) -> Result<Saved, OrdersError> {
        dispatch::write(&self.intents, order, step)
            .await
            .map_err(orders_error)
    }
}
