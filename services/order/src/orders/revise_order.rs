//! Changes an order's address or note while it is pending, as its customer or an admin asks.

use super::{
    model::{NewEvent, Order, OrderChange, RevisionError},
    ports::{Orders, OrdersError, Revisions, Saved},
};
use crate::values::{Actor, EventType, OrderId, Precondition, Reader};

/// How often a write that fits any version is tried again after somebody else's.
const ATTEMPTS: u32 = 5;

#[derive(Clone, Debug)]
pub struct ReviseOrder<O> {
    orders: O,
}

#[derive(Debug, thiserror::Error)]
pub enum ReviseOrderError {
    /// There is none, or it is somebody else's.
    #[error("there is no such order")]
    NotFound,
    #[error("the order changed since it was read")]
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
        for _ in 0..ATTEMPTS {
            let mut order = self.orders.find(id).await?;
            let Some(order) = order.as_mut().filter(|order| order.may_be_seen_by(reader)) else {
                return Err(ReviseOrderError::NotFound);
            };
            let read_version = order.state.version;
            if !precondition.holds(read_version) {
                return Err(ReviseOrderError::Stale);
            }
            let changed = order.revise(change.clone())?;
            if changed.is_empty() {
                return Ok(order.clone());
            }
            let event = NewEvent::new(EventType::OrderUpdated, actor).with("changed", changed);
            match self.orders.save(order, read_version, &event).await? {
                // Read again: the database stamps the time of the change.
                Saved::Written => {
                    let saved = self.orders.find(id).await?;
                    return saved.ok_or(ReviseOrderError::NotFound);
                }
                Saved::Changed => {}
            }
        }
        Err(ReviseOrderError::Stale)
    }
}
