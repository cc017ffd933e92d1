//! One order, for whoever may see it.

use crate::{
    domain::{Order, OrderId, Reader},
    ports::{Orders, OrdersError},
};

#[derive(Clone, Debug)]
pub struct GetOrder<O> {
    orders: O,
}

impl<O: Orders> GetOrder<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    /// `None`: there is no such order, or it is somebody else's.
    pub async fn run(&self, id: OrderId, reader: Reader) -> Result<Option<Order>, OrdersError> {
        let order = self.orders.find(id).await?;
        Ok(order.filter(|order| order.may_be_seen_by(reader)))
    }
}
