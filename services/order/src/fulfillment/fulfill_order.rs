//! Fulfillments of an order: planned, shipped, delivered and cancelled by the sellers of its lines (ORDERS 22).
//! Shipping is only decided here; `ship_fulfillments` reports it to product.

use clock::Ids;

use super::model::{Fulfillment, FulfillmentAction, FulfillmentError, Tracking};
use crate::{
    orders::{
        PartError, change_known_part, change_part, list_parts,
        model::{Selection, Seller, Viewer},
        ports::OrdersWith,
    },
    values::{FulfillmentId, OrderId},
};

#[derive(Clone, Debug)]
pub struct FulfillOrder<O> {
    orders: O,
    ids: Ids,
}

pub type FulfillOrderError = PartError<FulfillmentError>;

impl<O: OrdersWith<Fulfillment>> FulfillOrder<O> {
    pub fn new(orders: O, ids: Ids) -> Self {
        Self { orders, ids }
    }

    /// The fulfillments that a viewer may see, oldest first.
    pub async fn list(
        &self,
        order: OrderId,
        viewer: Viewer,
    ) -> Result<Vec<Fulfillment>, FulfillOrderError> {
        list_parts(&self.orders, order, viewer).await
    }

    pub async fn plan(
        &self,
        order: OrderId,
        by: Seller,
        selection: &Selection,
        tracking: &Tracking,
    ) -> Result<Fulfillment, FulfillOrderError> {
        let id = FulfillmentId(self.ids.uuid());
        change_part(&self.orders, order, by, id, |order| {
            order.plan(by, id, selection, tracking.clone())
        })
        .await
    }

    /// A repeated step changes nothing.
    pub async fn act(
        &self,
        id: FulfillmentId,
        by: Seller,
        action: FulfillmentAction,
    ) -> Result<Fulfillment, FulfillOrderError> {
        change_known_part(&self.orders, id, by, |order| order.act(by, id, action)).await
    }
}
