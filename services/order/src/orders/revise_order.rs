//! Changes an order's address or note while it is pending, as its customer or an admin asks.

use super::{
    change_order::change_order,
    model::{Order, OrderChange, RevisionError},
    ports::{Orders, OrdersError, Revisions},
};
use crate::values::{Actor, OrderId, Precondition, Reader};

#[derive(Clone, Debug)]
pub struct ReviseOrder<O> {
    orders: O,
}

#[derive(Debug, thiserror::Error)]
pub enum ReviseOrderError {
    /// There is none, or it is somebody else's.
    #[error("no such order")]
    NotFound,
    #[error("the order has changed since it was read")]
    Stale,
    #[error(transparent)]
    Refused(#[from] RevisionError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl<O: Orders + Revisions> ReviseOrder<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    pub async fn run(
        &self,
        id: OrderId,
        reader: Reader,
        actor: Actor,
        precondition: &Precondition,
        change: &OrderChange,
    ) -> Result<Order, ReviseOrderError> {
        change_order(
            &self.orders,
            id,
            precondition,
            |order| order.may_be_seen_by(reader),
            |order| order.revise(change.clone(), actor),
        )
        .await
    }
}
