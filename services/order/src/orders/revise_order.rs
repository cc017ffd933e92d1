//! What people change of an order by hand, by compare-and-set: the order is read, changed, and written with the event of the
//! change if it still has the version that was read; otherwise all of it is tried again (ORDERS 22).

use super::{
    ATTEMPTS,
    model::{NewEvent, Order, OrderChange, RevisionError, Seller, Status},
    ports::{Orders, OrdersError, Saved},
};
use crate::values::{Actor, OrderId, Precondition, Reader};

#[derive(Clone, Debug)]
pub struct ReviseOrder<O> {
    orders: O,
}

#[derive(Debug, thiserror::Error)]
pub enum ReviseOrderError {
    /// There is none, or the caller may not see it.
    #[error("no such order")]
    NotFound,
    #[error("the order has changed since it was read")]
    Stale,
    #[error(transparent)]
    Refused(#[from] RevisionError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl<O: Orders> ReviseOrder<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    /// The address or the note while the order is pending, as its customer or an admin asks.
    pub async fn run(
        &self,
        id: OrderId,
        reader: Reader,
        actor: Actor,
        precondition: &Precondition,
        change: &OrderChange,
    ) -> Result<Order, ReviseOrderError> {
        self.change(
            id,
            precondition,
            |order| order.may_be_seen_by(reader),
            |order| order.revise(change.clone(), actor),
        )
        .await
    }

    /// The status, as an admin asks, or a vendor whose order it wholly is.
    pub async fn set_status(
        &self,
        id: OrderId,
        setter: Seller,
        precondition: &Precondition,
        to: Status,
    ) -> Result<Order, ReviseOrderError> {
        self.change(
            id,
            precondition,
            |order| setter.sees(order),
            |order| order.set_status(to, setter),
        )
        .await
    }

    /// `sees`: whether the caller may see the order. `change` returns the event, or `None` if it changes nothing.
    async fn change(
        &self,
        id: OrderId,
        precondition: &Precondition,
        sees: impl Fn(&Order) -> bool + Sync,
        change: impl Fn(&mut Order) -> Result<Option<NewEvent>, RevisionError> + Sync,
    ) -> Result<Order, ReviseOrderError> {
        for _ in 0..ATTEMPTS {
            let order = self.orders.find(id).await?.filter(&sees);
            let mut order = order.ok_or(ReviseOrderError::NotFound)?;
            if !precondition.holds(order.read_version()) {
                return Err(ReviseOrderError::Stale);
            }
            let Some(event) = change(&mut order)? else {
                return Ok(order);
            };
            match self.orders.save(&order, &event).await? {
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
