//! Cancels an order: the wish is written, the saga acts on it (ORDERS 19, 22). Possible until all is shipped.

use super::{
    model::Order,
    ports::{Orders, OrdersError},
};
use crate::{
    intents::{
        Wisher,
        ports::{Answered, IntentError},
    },
    payments::ports::{Asked, Cancellations},
    saga::Poke,
    values::{Operation, OrderId},
};

#[derive(Clone)]
pub struct CancelOrder<C, O> {
    cancellations: C,
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

impl<C: Cancellations, O: Orders> CancelOrder<C, O> {
    pub fn new(cancellations: C, orders: O, poke: Poke) -> Self {
        Self {
            cancellations,
            orders,
            poke,
        }
    }

    pub async fn run(
        &self,
        wisher: &Wisher,
        order: OrderId,
    ) -> Result<Answered<Order>, CancelOrderError> {
        let request = wisher.request(Operation::CancelOrder, &order)?;
        let asked = self.cancellations.request(&request, order).await?;
        if asked == Asked::Now {
            self.poke.poke();
        }
        let order = self.orders.find(order).await?;
        Ok(Answered {
            result: order.ok_or(IntentError::NotFound)?,
            replayed: asked == Asked::Replayed,
        })
    }
}
