//! Cancels an order: the wish is written, the saga acts on it (ORDERS 19, 22). Possible until all is shipped.

use super::{
    model::Order,
    ports::{Orders, OrdersError},
};
use crate::{
    intents::{
        Requester,
        ports::{Answered, IntentError},
    },
    payments::{
        model::Asked,
        ports::{Done, Intent, Payments},
    },
    saga::Poke,
    values::{Operation, OrderId},
};

#[derive(Clone)]
pub struct CancelOrder<P, O> {
    payments: P,
    orders: O,
    poke: Poke,
}

#[derive(Debug, thiserror::Error)]
pub enum CancelOrderError {
    #[error(transparent)]
    Intent(#[from] IntentError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl<P: Payments, O: Orders> CancelOrder<P, O> {
    pub fn new(payments: P, orders: O, poke: Poke) -> Self {
        Self {
            payments,
            orders,
            poke,
        }
    }

    pub async fn run(
        &self,
        requester: &Requester,
        order: OrderId,
    ) -> Result<Answered<Order>, CancelOrderError> {
        let request = requester.request(Operation::CancelOrder, &order)?;
        let done = self
            .payments
            .change(&request, Intent::CancelOrder(order), |locked| {
                locked.request_cancellation(requester.user, request.actor)
            })
            .await?;
        match done {
            Done::Now(Asked::Now) => self.poke.poke(),
            Done::Now(Asked::Before) | Done::Before(_) => {}
        }
        let order = self.orders.find(order).await?;
        Ok(done.answered(order.ok_or(IntentError::NotFound)?))
    }
}
