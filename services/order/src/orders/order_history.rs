//! What happened to an order, for whoever may see it.

use super::{
    model::PastEvent,
    ports::{Orders, OrdersError, Revisions},
};
use crate::values::{OrderId, Reader};

#[derive(Clone, Debug)]
pub struct OrderHistory<O> {
    orders: O,
}

impl<O: Orders + Revisions> OrderHistory<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    /// `None`: there is no such order, or it is somebody else's.
    pub async fn run(
        &self,
        id: OrderId,
        reader: Reader,
        after: i64,
        rows: i64,
    ) -> Result<Option<Vec<PastEvent>>, OrdersError> {
        let order = self.orders.find(id).await?;
        if order.is_none_or(|order| !order.may_be_seen_by(reader)) {
            return Ok(None);
        }
        self.orders.history(id, after, rows).await.map(Some)
    }
}
