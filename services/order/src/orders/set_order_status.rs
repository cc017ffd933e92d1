//! Sets an order's status by hand. One step makes sense so: a confirmed order whose goods are all shipped is completed.
//! Every other way to another status has its own use case, since more than a word changes with it. Vendors
//! complete orders that are wholly theirs.

use super::{
    ReviseOrderError,
    model::{Merchant, NewEvent, Order, RevisionError, Status},
    ports::{Orders, Revisions, Saved},
};
use crate::values::{EventType, OrderId, Precondition};

const ATTEMPTS: u32 = 5;

#[derive(Clone, Debug)]
pub struct SetOrderStatus<O> {
    orders: O,
}

impl<O: Orders + Revisions> SetOrderStatus<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    pub async fn run(
        &self,
        id: OrderId,
        setter: Merchant,
        precondition: &Precondition,
        to: Status,
    ) -> Result<Order, ReviseOrderError> {
        for _ in 0..ATTEMPTS {
            let mut order = self.orders.find(id).await?;
            let Some(order) = order.as_mut().filter(|order| setter.sees(order)) else {
                return Err(ReviseOrderError::NotFound);
            };
            let read = order.state;
            if !precondition.holds(read.version) {
                return Err(ReviseOrderError::Stale);
            }
            if !setter.sells_all_of(order) {
                return Err(RevisionError::NotWhollyOwn.into());
            }
            if read.status == to {
                return Ok(order.clone());
            }
            match to {
                Status::Completed => order.complete()?,
                Status::Pending | Status::Confirmed | Status::Cancelled => {
                    let from = read.status;
                    return Err(RevisionError::NoSuchStep { from, to }.into());
                }
            };
            let event = NewEvent::new(EventType::OrderCompleted, setter.actor());
            match self.orders.save(order, read.version, &event).await? {
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
