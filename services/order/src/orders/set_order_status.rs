//! Sets an order's status by hand, as an admin asks, or a vendor whose order it wholly is.

use super::{
    ReviseOrderError,
    change_order::change_order,
    model::{Merchant, Order, Status},
    ports::{Orders, Revisions},
};
use crate::values::{OrderId, Precondition};

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
        change_order(
            &self.orders,
            id,
            precondition,
            |order| setter.sees(order),
            |order| order.set_status(to, setter),
        )
        .await
    }
}
