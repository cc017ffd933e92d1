//! Sets an order's status by hand. One step makes sense so: a confirmed order whose goods are all shipped is completed.
//! Every other way to another status has its own use case, since more than a word changes with it.

use super::revise_order::ReviseOrderError;
use crate::{
    domain::{
        Actor, EventType, NewEvent, Order, OrderId, Precondition, RevisionError, Status, UserId,
    },
    ports::{Orders, Revisions, Saved},
};

const ATTEMPTS: u32 = 5;

#[derive(Clone, Debug)]
pub struct SetOrderStatus<O> {
    orders: O,
}

/// Who sets a status: vendors do so for orders that are wholly theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setter {
    Admin(UserId),
    Vendor(UserId),
}

impl Setter {
    const fn actor(self) -> Actor {
        match self {
            Self::Admin(id) => Actor::Admin(id),
            Self::Vendor(id) => Actor::Vendor(id),
        }
    }

    fn sees(self, order: &Order) -> bool {
        match self {
            Self::Admin(_) => true,
            Self::Vendor(id) => order.has_lines_of(id),
        }
    }

    fn may_set(self, order: &Order) -> bool {
        match self {
            Self::Admin(_) => true,
            Self::Vendor(id) => order.is_wholly_sold_by(id),
        }
    }
}

impl<O: Orders + Revisions> SetOrderStatus<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    pub async fn run(
        &self,
        id: OrderId,
        setter: Setter,
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
            if !setter.may_set(order) {
                return Err(RevisionError::NotWhollyOwn.into());
            }
            if read.status == to {
                return Ok(order.clone());
            }
            match to {
                Status::Completed => order.state.complete()?,
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
